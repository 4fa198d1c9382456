class Guard:
    def __init__(self, tools, allowed, irreversible, approve, strikes=3):
        self.tools = tools
        self.allowed = allowed
        self.irreversible = irreversible
        self.approve = approve
        self.strikes = strikes
        self.stopped = False
        self.log = []
        self.refused = 0

    def call(self, tool, argument):
        if self.stopped:
            return self.refuse(tool, argument, "stopped")
        if tool not in self.allowed or tool not in self.tools:
            return self.refuse(tool, argument, "not allowed")
        if tool in self.irreversible and not self.approve(tool, argument):
            return self.refuse(tool, argument, "not approved")
        run = self.tools[tool]
        self.log = self.log + [[tool, argument, "done"]]
        return str(run(argument))

    def refuse(self, tool, argument, reason):
        self.log.append([tool, argument, reason])
        self.refused += 1
        if self.refused >= self.strikes:
            self.stopped = True
        return f"Refused: {tool}, {reason}"

    def stop(self):
        self.stopped = True
