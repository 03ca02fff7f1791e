"""The WSGI application: its routes, what they take, and JSON for what goes wrong. Runs behind any WSGI server."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import IO, Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from base.errors import UsageError
from base.places import as_path
from base.terminal import printable
from exports.frozen import CLASSIFY, GENERATE, TRANSLATE
from inference.isolated import Isolated
from run_folder.folder import LAST
from serving import network, rest
from serving.errors import RequestError
from serving.limits import LOOPBACK, Limits
from serving.page import page_of_server
from serving.served import About
from serving.turns import Turns

HEADERS = {  # of every answer
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
PNG = "image/png"
MOST_SEED = 2**32 - 1
LONGEST_SIDE = 2**16  # pixels that max_side may ask for
FORM_PARTS, FORM_TEXT = 8, 10_000  # parts of a multipart body, and bytes of those that are no file
WORDS = {  # for what Werkzeug finds wrong, by code
    400: "the request did not come whole, or is none",
    404: "there is nothing here; see /info",
    405: "this is not asked for by this method",
    413: "the request is larger than it may be",
}
SAME_PLACE = (None, "same-origin", "none")  # where a browser may say that a request comes from


class ImageRequest(Request):
    """A request whose files stay in memory."""

    max_form_parts = FORM_PARTS
    max_form_memory_size = FORM_TEXT

    def _get_file_stream(self, *about: Any, **more: Any) -> IO[bytes]:
        return io.BytesIO()


class Application:
    """Answers requests with what a network gives."""

    def __init__(self, isolated: Isolated, limits: Limits, hosts: Collection[str] | None = LOOPBACK):
        """Takes what makes the answers.

        Args:
          isolated: process with a `serving.network.Network`; it is ended by `close`.
          limits: for requests.
          hosts: what the header Host may say, ports aside, so that no foreign page can give this machine a name of
            its own and read answers; None: anything.
        """
        self._isolated = isolated
        self._limits, self._hosts = limits, hosts
        self._turns = Turns(isolated, limits.queue, limits.seconds)
        self._page, self._policy = page_of_server(self.about, limits)
        task = {
            TRANSLATE: Rule("/translate", methods=["POST"], endpoint=self._translate),
            CLASSIFY: Rule("/classify", methods=["POST"], endpoint=self._classify),
            GENERATE: Rule("/generate", methods=["GET", "POST"], endpoint=self._generate),
        }[self.about.task]
        model = "/v1/models/<name>"
        version = f"{model}/versions/<version>"
        get, post = ["GET"], ["POST"]
        self._routes = Map(
            [
                Rule("/", methods=get, endpoint=self._show_page),
                Rule("/healthz", methods=get, endpoint=self._tell_health),
                Rule("/info", methods=get, endpoint=self._tell_info),
                task,
                *(Rule(path, methods=get, endpoint=self._tell_status) for path in (model, version)),
                *(Rule(f"{path}/metadata", methods=get, endpoint=self._tell_metadata) for path in (model, version)),
                *(Rule(f"{path}:predict", methods=post, endpoint=self._predict) for path in (model, version)),
            ],
            strict_slashes=False,
            merge_slashes=False,
        )

    def __call__(self, environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
        """Answers a request, as WSGI has it."""
        request = ImageRequest(environ)
        request.max_content_length = self._limits.body_bytes
        response = self._answer(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response(environ, start_response)

    @property
    def about(self) -> About:
        """About the network."""
        return self._isolated.about

    def close(self) -> None:
        """Ends the network's process."""
        self._turns.close()

    def _answer(self, request):
        try:
            self._check_origin(request)
            routes = self._routes.bind_to_environ(request.environ)
            endpoint, arguments = routes.match()
            return endpoint(request, **arguments)
        except RequestError as error:
            response = _json({"error": str(error)}, error.code)
            if error.retry_after is not None:
                response.headers["Retry-After"] = str(error.retry_after)
            if error.code == 500 or error.detail:
                _say(request, error.code, error.detail or str(error))
            return response
        except HTTPException as error:  # Werkzeug's own
            code = error.code or 500
            response = _json({"error": WORDS.get(code, error.name)}, code)
            response.headers.extend((name, value) for name, value in error.get_headers() if name != "Content-Type")
            return response
        except Exception as error:  # a mistake of ours, which clients learn nothing of
            _say(request, 500, f"{type(error).__name__} {error}")
            return _json({"error": "the server failed"}, 500)

    def _check_origin(self, request):
        """Refuses what a page of another site makes a browser send, under whatever name it knows this machine."""
        host = request.headers.get("Host", "")
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
        if self._hosts is not None and host and name.lower() not in self._hosts:
            raise RequestError("this server does not go by the name in the header Host", 421)
        origin = request.headers.get("Origin")
        if origin is not None and origin.lower() not in (f"http://{host}".lower(), f"https://{host}".lower()):
            raise RequestError("this server answers no pages of others", 403)

    def _show_page(self, request):
        return Response(self._page, mimetype="text/html", headers={"Content-Security-Policy": self._policy})

    def _tell_health(self, request):
        state = {"status": "failing" if self._turns.trouble else "ok", "requests": len(self._turns)}
        return _json(state, 503 if self._turns.trouble else 200)

    def _tell_info(self, request):
        about, limits = self.about, self._limits
        facts = {"title": about.title, "task": about.task, "models": list(about.shapes), "step": about.step}
        facts |= {"trained_on": about.trained_on} if about.trained_on else {}
        facts |= {"classes": list(about.class_names)} if about.class_names else {}
        sizes = {"body_bytes": limits.body_bytes, "pixels": limits.pixels}
        return _json({**facts, "limits": {**sizes, "queue": limits.queue, "seconds": limits.seconds}})

    def _translate(self, request):
        self._check_site(request)
        data, given = _image_and_parameters(request, ("direction", "max_side", "size"))
        direction = given.get("direction") or (next(iter(self.about.shapes)) if len(self.about.shapes) == 1 else "")
        if direction not in self.about.shapes:
            raise RequestError(f"direction must be one of {', '.join(self.about.shapes)}")
        size = given.get("size", "original")
        if size not in ("original", "training"):
            raise RequestError("size must be one of original, training")
        longest = _number(given, "max_side", None, 1, LONGEST_SIDE)
        if longest and size == "training":
            raise RequestError("max_side has no effect with size=training")
        return Response(self._turns.call("translate", data, direction, longest, size == "training"), mimetype=PNG)

    def _classify(self, request):
        self._check_site(request)
        data, _ = _image_and_parameters(request, ())
        shares = self._turns.call("classify", data)
        return _json({"classes": [{"name": name, "share": share} for name, share in shares.items()]})

    def _generate(self, request):
        self._check_site(request)
        given = _known(request, ("seed", "count", "image"))
        seed = _number(given, "seed", 0, 0, MOST_SEED)
        if "image" not in given:
            count = _number(given, "count", 1, 1, network.MOST_MADE)
            return Response(self._turns.call("generate", seed, count), mimetype=PNG)
        if "count" in given:
            raise RequestError("image is the number of one, and count makes a picture of several: give one of them")
        number = _number(given, "image", 0, 0, network.MOST_MADE - 1)
        return Response(self._turns.call("generate_one", seed, number), mimetype=PNG)

    def _tell_status(self, request, name, version=rest.VERSION):
        self._check_model(name, version)
        return _json(rest.status())

    def _tell_metadata(self, request, name, version=rest.VERSION):
        self._check_model(name, version)
        return _json(rest.metadata(self.about, name))

    def _predict(self, request, name, version=rest.VERSION):
        self._check_site(request)
        self._check_model(name, version)
        return Response(self._turns.call("predict", name, _body(request)), mimetype="application/json")

    def _check_model(self, name, version):
        if name not in self.about.shapes or version != rest.VERSION:
            known = ", ".join(self.about.shapes)
            raise RequestError(f"there is no such model; there are, in version {rest.VERSION}: {known}", 404)

    def _check_site(self, request):
        """Refuses work that a page of another site asks for."""
        if request.headers.get("Sec-Fetch-Site") not in SAME_PLACE:
            raise RequestError("this server answers no pages of others", 403)


def create_app(
    run_dir: str | None = None,
    model: str | None = None,
    precision: str | None = None,
    checkpoint: str = LAST,
    hosts: Collection[str] | None = LOOPBACK,
    **limits: Any,
) -> Application:
    """Makes the application of a run or of an export, with the process of its network.

    Args:
      run_dir: run folder of train.py.
      model: folder of scripts/export.py, instead.
      precision: dtype of a run's networks; None: the run's.
      checkpoint: of a run, as `load_run` takes it.
      hosts: see Application.
      **limits: fields of Limits.

    Raises:
      UserError: there is none, or a value cannot be.
    """
    checked = Limits(**limits)
    return Application(start_network(run_dir, model, precision, checkpoint, checked), checked, hosts)


def start_network(
    run_dir: str | os.PathLike | None, model: str | Path | None, precision: str | None, checkpoint: str, limits: Limits
) -> Isolated:
    """Starts the process of a network; arguments and errors are those of `create_app`."""
    if run_dir is not None and model is None:
        return Isolated(network.of_run, as_path(os.path.expanduser(run_dir)), precision, checkpoint, limits.pixels)
    if model is None or run_dir is not None:
        raise UsageError("give --run_dir=RUN or --model=EXPORTED, one of them")
    if precision is not None:
        raise UsageError("--precision goes with --run_dir; an export has the one that it was written in")
    if checkpoint != LAST:
        raise UsageError("--checkpoint goes with --run_dir; an export is of the one that it was written from")
    return Isolated(network.of_export, Path(model).expanduser(), limits.pixels)


def _json(content: Mapping[str, Any], code: int = 200) -> Response:
    return Response(json.dumps(content), code, mimetype="application/json")


def _say(request, code, words):
    """Tells the one who runs the server of an answer that is no fault of the client."""
    print(printable(f"{request.method} {request.path}: {code} {words}"[:500]), file=sys.stderr)


def _body(request):
    """The bytes of a request; RequestError where there are none."""
    data = request.stream.read()
    if len(data) == request.max_content_length:
        request.stream.read(1)  # one that does not say its length is cut there, and told of it here
    if not data:
        raise RequestError("the body is empty")
    return data


def _image_and_parameters(request, names):
    """The bytes of the image in a request, raw or in a form, and its parameters of some names."""
    if request.mimetype != "multipart/form-data":
        return _body(request), _known(request, names)
    files = [file for _, file in request.files.items(multi=True)]
    if len(files) != 1:
        raise RequestError(f"the form must have one file, not {len(files)}")
    return files[0].read(), _known(request, names, request.form)


def _known(request, names, form=None):
    """The parameters of a request, of which each is known and given once."""
    pairs = [*request.args.items(multi=True), *(form.items(multi=True) if form else ())]
    given = dict(pairs)
    if len(given) < len(pairs) or not given.keys() <= set(names):
        known = f"each at most once: {', '.join(names)}" if names else "none"
        raise RequestError(f"the parameters that are taken here are {known}")
    return given


def _number(given, name, default, low, high):
    """The whole number that a parameter stands for."""
    text = given.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 20 and low <= int(text) <= high):
        raise RequestError(f"{name} must be a whole number from {low} to {high}")
    return int(text)
