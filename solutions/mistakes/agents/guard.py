"""A guard between model and tools: mistakes, and other right ways."""

from solutions.agents import Guard
from solutions.mistakes import Variants

variants = Variants("Guard")
mistake, alternative = variants.mistake, variants.alternative


class _Steps(Guard):
    """A guard in steps, each of which a mistake can change."""

    def call(self, tool, argument):
        decision = self.decide(tool, argument)
        self.write(tool, argument, decision)
        if decision == "done":
            return self.run(tool, argument)
        if self.strike() >= self.strikes:
            self.stop()
        return self.refuse(tool, decision)

    def decide(self, tool, argument):
        if self.stopped:
            return "stopped"
        if not self.permits(tool, argument):
            return "not allowed"
        if tool in self.irreversible and not self.approved(tool, argument):
            return "not approved"
        return "done"

    def permits(self, tool, argument):
        return tool in self.allowed and tool in self.tools

    def approved(self, tool, argument):
        try:
            return self.approve(tool, argument) is True
        except Exception:
            return False

    def write(self, tool, argument, decision):
        self.log = [*self.log, [tool, argument, decision]]

    def run(self, tool, argument):
        return str(self.tools[tool](argument))

    def strike(self):
        return sum(decision != "done" for _, _, decision in self.log)

    def refuse(self, tool, decision):
        return f"Refused: {tool} is {decision}."


@mistake("A tool ran that is not on the allow-list. That there is such a tool does not allow this agent to use it.")
class AllowsWhateverExists(_Steps):
    def permits(self, tool, argument):
        return tool in self.tools


@mistake("You refuse only what is irreversible. What is not on the allow-list is refused, dangerous or not.")
class ForbidsOnlyTheDangerous(_Steps):
    def permits(self, tool, argument):
        return tool in self.tools and (tool in self.allowed or tool not in self.irreversible)


@mistake("A name that only begins like an allowed one went through. Only the exact name counts.")
class ComparesBeginnings(_Steps):
    def permits(self, tool, argument):
        return tool in self.tools and any(tool.startswith(name) for name in self.allowed)


@mistake("A name that differs from an allowed one in capital letters went through. It is the name of another tool.")
class IgnoresCase(_Steps):
    def permits(self, tool, argument):
        return tool in self.tools and tool.lower() in self.allowed


@mistake("A tool that is allowed but does not exist raised an error. It is refused like any other that cannot run.")
class TripsOverMissingTools(_Steps):
    def permits(self, tool, argument):
        return tool in self.allowed


@mistake("You judge by words in the argument. Harmless texts hold such words, and harmful ones can do without.")
class SearchesForBadWords(_Steps):
    def permits(self, tool, argument):
        return super().permits(tool, argument) and "ignore" not in argument.lower()


@mistake("An irreversible call ran without being approved. Somebody is asked first, and what they say decides.")
class NeverAsks(_Steps):
    def approved(self, tool, argument):
        return True


@mistake('Something other than True counted as a yes. A text such as "no" counts as true in an `if`.')
class TakesAnythingForAYes(_Steps):
    def approved(self, tool, argument):
        try:
            return bool(self.approve(tool, argument))
        except Exception:
            return False


@mistake("1 counted as a yes: `== True` holds for it. Only True itself approves.")
class ComparesWithEquals(_Steps):
    def approved(self, tool, argument):
        try:
            return self.approve(tool, argument) == True  # noqa: E712 - the mistake itself
        except Exception:
            return False


@mistake("An error in `approve` got out. If nobody can answer, the call is not approved.")
class TripsOverFailingApproval(_Steps):
    def approved(self, tool, argument):
        return self.approve(tool, argument) is True


@mistake("Approval was asked for once and then taken for granted. Each call is approved by itself, with its argument.")
class RemembersApproval(_Steps):
    def approved(self, tool, argument):
        known = self.__dict__.setdefault("known", set())
        if tool in known:
            return True
        if super().approved(tool, argument):
            known.add(tool)
            return True
        return False


@mistake("Somebody was asked to approve a call that is not allowed anyway, or after the stop. Ask last.")
class AsksFirst(_Steps):
    def decide(self, tool, argument):
        approved = tool not in self.irreversible or self.approved(tool, argument)
        if self.stopped:
            return "stopped"
        if not self.permits(tool, argument):
            return "not allowed"
        return "done" if approved else "not approved"


@mistake("Approval was asked for a call that is not irreversible. Who is asked too often says yes to everything.")
class AsksAboutEverything(_Steps):
    def decide(self, tool, argument):
        decision = super().decide(tool, argument)
        if decision == "done" and tool not in self.irreversible and not self.approved(tool, argument):
            return "not approved"
        return decision


@mistake("After `stop`, calls still ran. The kill switch stops everything, harmless or not.")
class StopsOnlyTheDangerous(_Steps):
    def decide(self, tool, argument):
        stopped, self.stopped = self.stopped, self.stopped and tool in self.irreversible
        try:
            return super().decide(tool, argument)
        finally:
            self.stopped = stopped


@mistake("The guard does not stop by itself after `strikes` refusals. Count them, whatever the reason for each was.")
class NeverStopsByItself(_Steps):
    def strike(self):
        return -1


@mistake("The guard stops one refusal too late: with refusal number `strikes` it stops.")
class StopsOneTooLate(_Steps):
    def strike(self):
        return super().strike() - 1


@mistake("Calls that ran counted towards `strikes`. Only refused ones do.")
class CountsAllCalls(_Steps):
    def strike(self):
        return len(self.log)


@mistake("A call that ran wiped out the refusals before it. They count, one after the other or not.")
class ForgivesRefusals(_Steps):
    def strike(self):
        count = 0
        for _, _, decision in self.log:
            count = 0 if decision == "done" else count + 1
        return count


@mistake("Refused calls are missing from the log. They are the ones that you will want to know about.")
class LogsOnlyWhatRan(_Steps):
    def write(self, tool, argument, decision):
        self.refused = getattr(self, "refused", 0) + (decision != "done")
        if decision == "done":
            super().write(tool, argument, decision)

    def strike(self):
        return self.refused


@mistake("A call whose tool failed is missing from the log. Write it down before the tool runs.")
class LogsAfterwards(_Steps):
    def write(self, tool, argument, decision):
        if decision != "done":
            super().write(tool, argument, decision)

    def run(self, tool, argument):
        result = super().run(tool, argument)
        self.log = [*self.log, [tool, argument, "done"]]
        return result


@mistake("An error in a tool was caught by the guard. Let it out: the loop tells the model what went wrong.")
class CatchesErrorsOfTools(_Steps):
    def run(self, tool, argument):
        try:
            return super().run(tool, argument)
        except Exception as error:
            return f"Error: {error}"


@mistake("A refusal raised an error. It is a text that the agent reads, so that it can go on with something else.")
class RaisesRefusals(_Steps):
    def refuse(self, tool, decision):
        raise PermissionError(f"{tool} is {decision}")


@mistake("A result came back as it was. What the agent reads is a text.")
class KeepsTheTypeOfResults(_Steps):
    def run(self, tool, argument):
        return self.tools[tool](argument)


@alternative
class WithEarlyReturns:
    def __init__(self, tools, allowed, irreversible, approve, strikes=3):
        self._tools = {name: tool for name, tool in tools.items() if name in set(allowed)}
        self._asks = frozenset(irreversible)
        self._approve = approve
        self._left = strikes
        self.stopped = False
        self.log = []

    def stop(self):
        self.stopped = True

    def call(self, tool, argument):
        if self.stopped:
            return self._no(tool, argument, "stopped")
        if tool not in self._tools:
            return self._no(tool, argument, "not allowed")
        if tool in self._asks:
            yes = None
            try:
                yes = self._approve(tool, argument)
            except Exception:
                yes = False
            if type(yes) is not bool or not yes:
                return self._no(tool, argument, "not approved")
        self.log.append([tool, argument, "done"])
        result = self._tools[tool](argument)
        return f"{result}"

    def _no(self, tool, argument, why):
        self.log.append([tool, argument, why])
        self._left -= 1
        if self._left <= 0:
            self.stop()
        return f"Refused: you may not use {tool}: {why}"
