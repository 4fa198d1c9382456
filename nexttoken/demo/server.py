"""Voila with our pages: an index, an address for each demo, and a clear answer at every other address."""

from __future__ import annotations

import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tornado.ioloop import IOLoop
from tornado.web import RequestHandler
from traitlets.config import Config
from voila.app import Voila  # type: ignore[import-untyped]
from voila.tornado.contentshandler import VoilaContentsHandler  # type: ignore[import-untyped]
from voila.tornado.handler import TornadoVoilaHandler  # type: ignore[import-untyped]
from voila.tornado.treehandler import TornadoVoilaTreeHandler  # type: ignore[import-untyped]

from nexttoken.exhibits import Exhibit

#: Where Jupyter finds our template, `nexttoken`.
SHARE = Path(__file__).parent / "jupyter"
#: The front end's extensions that a widget needs. Others, such as nbgrader's, expect all of JupyterLab and fail here.
EXTENSIONS = ("@jupyter-widgets/jupyterlab-manager", "@voila-dashboards/widgets-manager8", "anywidget")
#: Seconds after which a kernel that nobody used is ended, and between two looks for such. A page whose kernel has ended
#: goes on: the widget answers in the browser.
IDLE, LOOK = 600, 60
#: Seconds between two kernels that are started ahead of visitors, and from a visit to the next kernel: a page that is
#: just loading comes first.
_PAUSE = 4.0


def settings(folder: Path, ip: str, port: int, *, ready: int) -> Config:
    """Return Voila's configuration.

    Parameters
    ----------
    folder
        Where the notebooks are.
    ip, port
        Where to listen; no other port is tried.
    ready
        How many kernels wait for each demo, its page already run; 0 starts one at each visit.
    """
    voila = {
        "root_dir": str(folder),
        "ip": ip,
        "port": port,
        "port_retries": 0,
        "open_browser": False,
        "log_level": "ERROR",
    }
    pages = {
        "template": "nexttoken",
        "allow_template_override": "NO",
        "strip_sources": True,
        "extension_allowlist": list(EXTENSIONS),
        "resources": {"language_code": "en"},
        "preheat_kernel": ready > 0,
        "default_pool_size": 0,  # `DemoServer` fills the pools, one after the other
    }
    kernels = {"cull_idle_timeout": IDLE, "cull_interval": LOOK, "cull_connected": True}
    return Config(
        Voila=voila, VoilaConfiguration=pages, MappingKernelManager=kernels, VoilaKernelManager={"fill_delay": _PAUSE}
    )


class DemoServer(Voila):  # type: ignore[misc]
    """Voila that serves the demos and nothing else."""

    def __init__(self, demos: Sequence[Exhibit], config: Config, *, ready: int = 0, browse: str = "") -> None:
        # No configuration files: what the person at this machine set for other Voila servers is not meant for this one.
        super().__init__(config=config, config_file_paths=[])
        self.demos = demos
        self.ready = ready
        self.browse = browse
        self.initialize([])

    def init_settings(self) -> dict[str, Any]:
        """Return tornado's settings; an unknown address gets our page."""
        made: dict[str, Any] = super().init_settings()
        made["voila_jinja2_env"].globals.update(demos=self.demos, base_url=self.base_url)
        unknown = {"template": "404.html", "status": 404}
        return {**made, "default_handler_class": Page, "default_handler_args": unknown}

    def init_handlers(self) -> list[Any]:
        """Return Voila's handlers with ours instead of those that list, read or run any file."""
        general = (TornadoVoilaTreeHandler, VoilaContentsHandler, TornadoVoilaHandler)
        kept = [rule for rule in super().init_handlers() if rule[1] not in general]
        shared = {
            "template_paths": self.template_paths,
            "config": self.config,
            "voila_configuration": self.voila_configuration,
        }
        own = [
            (rf"{self.server_url}{demo.name}/?", DemoPage, {"notebook_path": f"{demo.name}.ipynb", **shared})
            for demo in self.demos
        ]
        return [(self.server_url, Page, {"template": "demos.html"}), *own, *kept]

    def listen(self) -> None:
        """Serve until stopped."""
        loop = IOLoop.current()
        if self.ready:
            names = [f"{demo.name}.ipynb" for demo in self.demos]
            self.kernel_manager.kernel_pools_config = {name: {"pool_size": self.ready} for name in names}
            for turn, name in enumerate(names):
                loop.call_later(turn * _PAUSE, self.kernel_manager.fill_if_needed, 0, name)
        if self.browse:
            loop.call_later(0, webbrowser.open, self.browse)
        super().listen()


class DemoPage(TornadoVoilaHandler):  # type: ignore[misc]
    """A page with a kernel."""

    async def prepare(self) -> None:
        """Set the cookie without which the page, when it is left, may not end its kernel."""
        await super().prepare()
        assert self.xsrf_token


class Page(RequestHandler):
    """A page that needs no kernel."""

    def initialize(self, template: str, status: int = 200) -> None:
        """Take the template's name and the status that goes with it."""
        self.template = template
        self.set_status(status)

    def get(self) -> None:
        """Answer with the page."""
        text = self.settings["voila_jinja2_env"].get_template(self.template)
        self.set_header("Cache-Control", "no-cache")
        self.finish(text.render(asked=self.request.path))

    head = get
