"""The server under test, one for each checkpoint."""

import json
import re
import shutil
import subprocess
import tempfile
import time
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUNDLED = ROOT / "models" / "llama-2-wordnet-8m"


class Server:
    def __init__(self, address: str, model: str):
        self.model = model
        self._connection = HTTPConnection(address)

    def close(self) -> None:
        self._connection.close()

    def post(self, path: str, **body) -> dict:
        self._connection.request("POST", path, json.dumps({"model": self.model} | body), {"Content-Type": "application/json"})
        response = self._connection.getresponse()
        answer = json.load(response)
        if response.status != 200:
            raise RuntimeError(answer)
        return answer


@contextmanager
def serve(folder: Path, *settings: str):
    program = ROOT / "src/Server/bin/Release/net10.0/Llama.Server.dll"
    with tempfile.NamedTemporaryFile("r") as log, open(log.name, "w") as output:
        process = subprocess.Popen(["dotnet", program, "--urls", "http://127.0.0.1:0", f"--Model:Path={folder}", *settings], stdout=output, stderr=subprocess.STDOUT)
        try:
            text, listening = "", None
            while " Ready: " not in text or not listening:
                if process.poll() is not None:
                    raise RuntimeError(text + log.read())
                time.sleep(0.05)
                text += log.read()
                listening = re.search(r"Listening on http://(\S+)\s", text)
            with closing(Server(listening[1], folder.name)) as server:
                yield server
        finally:
            process.terminate()
            process.wait()


@contextmanager
def checkpoint(name: str):
    """A folder for one, with the bundled model's tokenizer in it."""
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent, name)
        folder.mkdir()
        for file in ("tokenizer.model", "tokenizer_config.json"):
            shutil.copy(BUNDLED / file, folder)
        yield folder
