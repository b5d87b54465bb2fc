"""A GGUF file as a LangChain chat model, in this process, by llama.cpp.

It writes what it is asked to; prompts and what becomes of the text are for others. Nothing is
loaded before the first word is wanted.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel, generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage, convert_to_openai_messages
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr

from qa.errors import LanguageModelError
from qa.gguf import GgufFile, read_gguf

if TYPE_CHECKING:
    from xllamacpp import CommonParams, Server

MAX_CONTEXT = 8192
"""Tokens that are kept room for at most: room costs memory, 30 to 500 KB a token."""
BATCH = 256
"""Tokens of a prompt that are read between two looks at whether somebody still waits."""
OTHER_PROMPTS = 256
"""MiB for the states of other conversations, so that each goes on where it was."""


class LocalModel(BaseChatModel):
    """A model in a GGUF file; threads may share it, and their calls run one after another.

    `temperature` 0 always takes the likeliest token. `repeat_penalty` above 1 keeps small models
    from going in circles, but also from quoting: what an article says twice is a repetition.
    `threads` None is one for each core that this process may use. Thinking models do not think
    first. Closing a stream stops the writing within a token, or a batch of the prompt. Raises
    `LanguageModelError`: when made, of a file that is no such model; when asked, of one that cannot
    be loaded, and of a prompt that is longer than its context.
    """

    path: Path
    max_tokens: int = 1024
    temperature: float = 0.0
    seed: int = 0
    repeat_penalty: float = 1.0
    threads: int | None = None

    _file: GgufFile = PrivateAttr()
    _loading: Lock = PrivateAttr(default_factory=Lock)
    _server: Server | None = PrivateAttr(default=None)

    def model_post_init(self, context: Any, /) -> None:
        """Read the file's header."""
        self._file = read_gguf(self.path)

    @property
    def model_name(self) -> str:
        """The file's name, which traces and answers show."""
        return self.path.name

    @property
    def context_tokens(self) -> int:
        """How many tokens prompt and answer have together, at most `MAX_CONTEXT`."""
        return min(self._file.context_tokens, MAX_CONTEXT)

    @property
    def parameters(self) -> int | None:
        """How many weights it has; None if the file does not say."""
        return self._file.parameters

    @property
    def loaded(self) -> bool:
        """Whether it is in memory, so that the next answer need not wait for it."""
        return self._server is not None

    def load(self) -> Server:
        """Load it, once, if it is not."""
        with self._loading:
            if self._server is None:
                self._server = _serve(self.path, self.context_tokens, self.threads)
            return self._server

    @property
    def _llm_type(self) -> str:
        return "llama.cpp"

    @property
    def _identifying_params(self) -> Mapping[str, Any]:
        return {"path": str(self.path), "temperature": self.temperature, "seed": self.seed}

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        request = {
            "messages": convert_to_openai_messages(messages),
            "stop": stop or [],
            "max_tokens": self.max_tokens,
            "temperature": self.temperature,
            "seed": self.seed,
            "repeat_penalty": self.repeat_penalty,
            "stream_options": {"include_usage": True},
            "return_progress": True,  # something to stop at while a long prompt is read
            "cache_prompt": True,
            **kwargs,
        }
        for event in _events(self.load(), request):
            if "error" in event:
                raise LanguageModelError(f"{self.model_name}: {_reason(event['error'])}")
            chunk = _chunk(event, self.model_name)
            if run_manager and chunk.text:
                run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk


def _serve(path: Path, context_tokens: int, threads: int | None) -> Server:
    """The model in memory, behind llama.cpp's server."""
    try:
        from joblib import cpu_count
        from xllamacpp import CommonParams, Server, get_device_info
        from xllamacpp import ggml_backend_dev_type as device
        from xllamacpp import llama_flash_attn_type as flash
    except ImportError as error:
        raise LanguageModelError(
            f'{path.name} needs llama.cpp: pip install "cited[local]" ({error})'
        ) from error
    params: CommonParams = CommonParams()
    params.model.path = str(path)
    params.n_ctx = context_tokens
    params.n_batch = BATCH
    # A second thread on a core is one more that the others wait for.
    params.cpuparams.n_threads = threads or cpu_count(only_physical_cores=True)
    if all(each["type"] == device.GGML_BACKEND_DEVICE_TYPE_CPU for each in get_device_info()):
        # There it reads no faster, and writes a third more slowly after a long prompt.
        params.flash_attn_type = flash.LLAMA_FLASH_ATTN_TYPE_DISABLED
    params.cache_ram_mib = OTHER_PROMPTS
    params.enable_reasoning = 0
    params.verbosity = -1
    # It listens on a port of the loopback whether wanted or not: nobody else has its key.
    params.api_keys = [secrets.token_urlsafe()]
    params.cors_origins = ""
    params.ui = False
    params.endpoint_metrics = True
    params.n_threads_http = 1
    try:
        server = Server(params)
    except RuntimeError as error:
        raise LanguageModelError(
            f"{path} cannot be loaded: it is damaged, too large for the memory, or of a kind that "
            "this llama.cpp does not know"
        ) from error
    server.handle_metrics()  # it answers once it runs: one that is let go before never ends
    return server


def _events(server: Server, request: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What the server sends while it writes; closing the iterator makes it stop."""
    events: SimpleQueue[dict[str, Any] | Exception | None] = SimpleQueue()
    closed = Event()

    def take(event: dict[str, Any]) -> bool:
        events.put(event)
        return closed.is_set()

    def write() -> None:
        try:
            server.handle_chat_completions({**request, "stream": True}, take)
        except (RuntimeError, TypeError, ValueError) as error:  # a request it cannot make sense of
            events.put(error)
        finally:
            events.put(None)

    # Not waited for when closed: it stops at its next event, and the next call queues behind it.
    Thread(target=write, name="llama.cpp").start()
    try:
        for event in iter(events.get, None):
            if isinstance(event, Exception):
                reason = str(event).splitlines()[0]
                raise LanguageModelError(f"the chat model was asked wrongly: {reason}") from event
            yield event
    finally:
        closed.set()


def _reason(error: Mapping[str, Any]) -> str:
    """What the server says that was wrong, in one line."""
    if error["type"] == "exceed_context_size_error":
        return (
            f"the prompt has {error['n_prompt_tokens']} tokens, it reads {error['n_ctx']} at most"
        )
    return str(error["message"]).splitlines()[0]


def _chunk(event: Mapping[str, Any], name: str) -> ChatGenerationChunk:
    """An event as LangChain has it: no text while the prompt is read, the counts at the end."""
    choice = event["choices"][0] if event["choices"] else {"delta": {}, "finish_reason": None}
    message = AIMessageChunk(content=choice["delta"].get("content") or "", id=event["id"])
    if choice["finish_reason"]:
        message.response_metadata = {"finish_reason": choice["finish_reason"], "model_name": name}
    if usage := event.get("usage"):
        message.chunk_position = "last"
        message.usage_metadata = UsageMetadata(
            input_tokens=usage["prompt_tokens"],
            output_tokens=usage["completion_tokens"],
            total_tokens=usage["total_tokens"],
            input_token_details={"cache_read": usage["prompt_tokens_details"]["cached_tokens"]},
        )
    return ChatGenerationChunk(message=message)
