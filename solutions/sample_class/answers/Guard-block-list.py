class Guard:
    def __init__(self, tools, allowed, irreversible, approve, strikes=3):
        self.tools, self.allowed, self.irreversible, self.approve = tools, allowed, irreversible, approve
        self.left = strikes
        self.stopped = False
        self.log = []

    def call(self, tool, argument):
        words = argument.lower().split()
        suspicious = "ignore" in words or "delete" in words
        if self.stopped or self.left == 0:
            decision = "stopped"
        elif tool not in self.tools or suspicious:
            decision = "not allowed"
        elif tool in self.irreversible and tool not in self.allowed:
            decision = "not allowed"
        elif tool in self.irreversible and self.approve(tool, argument) != True:
            decision = "not approved"
        else:
            result = self.tools[tool](argument)
            self.log += [[tool, argument, "done"]]
            return str(result)
        self.left -= 1
        self.log.append([tool, argument, decision])
        return "Refused: " + tool

    def stop(self):
        self.stopped = True
