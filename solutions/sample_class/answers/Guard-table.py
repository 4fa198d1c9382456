class Guard:
    def __init__(self, tools, allowed, irreversible, approve, strikes=3):
        self.tools = tools
        self.approve = approve
        self.strikes = strikes
        self.refusals = 0
        self.stopped = False
        self.log = []
        # what may happen at all, and how: name -> must somebody be asked?
        self.policy = {name: name in irreversible for name in allowed if name in tools}

    def _decide(self, tool, argument):
        if self.stopped:
            return "stopped"
        if tool not in self.policy:
            return "not allowed"
        if self.policy[tool]:
            try:
                said = self.approve(tool, argument)
            except Exception:
                said = None
            if said is not True:
                return "not approved"
        return "done"

    def call(self, tool, argument):
        decision = self._decide(tool, argument)
        self.log.append([tool, argument, decision])
        if decision != "done":
            self.refusals += 1
            self.stopped = self.stopped or self.refusals >= self.strikes
            return "Refused: the call of %s was %s" % (tool, decision)
        observation = self.tools[tool](argument)
        return str(observation)

    def stop(self):
        self.stopped = True
