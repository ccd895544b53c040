"""A dictionary that a Raft cluster keeps: `d["a"] = "b"`. It needs the standard library alone.

    >>> from raft_dict import RaftDict
    >>> d = RaftDict(["127.0.0.1:8101", "127.0.0.1:8102", "127.0.0.1:8103"])
    >>> d["a"] = "b"
    >>> d["a"]
    'b'

Keys are texts; values are texts, or bytes if they are no UTF-8. Reads are linearizable. Each write is carried out once: it is
handed in again under the same serial number until a server answers. A dictionary is for one thread.
"""

import base64
import collections.abc
import http.client
import json
import time
import urllib.parse


class RaftError(Exception):
    """The cluster refuses an operation, or gives no answer. `maybe` is true if a write may have been carried out."""

    def __init__(self, text, maybe=False):
        super().__init__(text)
        self.maybe = maybe


class RaftDict(collections.abc.MutableMapping):
    """Dictionary of a cluster: `servers` are some of its APIs, `host:port`; `patience` is in seconds; `context` is an
    `ssl.SSLContext` if the servers speak TLS."""

    def __init__(self, servers, patience=10.0, token=None, prefix="", context=None):
        if not servers:
            raise ValueError("RaftDict needs the address of a server")
        self._servers = list(servers)
        self._favourite = 0
        self._patience = patience
        self._token = token
        self._prefix = prefix
        self._context = context
        self._connections = {}
        self._session = None
        self._serial = 0

    def __getitem__(self, key):
        status, body, _ = self._ask("GET", self._path(key))
        if status == 404:
            raise KeyError(key)
        return _value(self._checked(status, body))

    def __setitem__(self, key, value):
        self._write("PUT", self._path(key), _bytes(value))

    def __delitem__(self, key):
        if not self._write("DELETE", self._path(key), b"")["existed"]:
            raise KeyError(key)

    def __iter__(self):
        for item in self._items():
            yield item["key"][len(self._prefix) :]

    def __len__(self):
        return sum(1 for _ in self._items())

    def cas(self, key, expected, value):
        """Sets `key` to `value` if it holds `expected`; `None` stands for a key that is not there. Returns whether it did."""
        body = json.dumps({"expected": _json(expected), "value": _json(value)}).encode()
        path = "/v1/cas/" + urllib.parse.quote(self._prefix + key, safe="")
        try:
            self._write("POST", path, body)
        except _Mismatch:
            return False
        return True

    def close(self):
        """Closes the connections. The dictionary can be used again."""
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _items(self):
        after = ""
        while True:
            query = {"prefix": self._prefix, "limit": 1000}
            if after:
                query["after"] = after
            status, body, _ = self._ask("GET", "/v1/keys?" + urllib.parse.urlencode(query))
            page = json.loads(self._checked(status, body))
            yield from page["items"]
            if not page["more"]:
                return
            after = page["items"][-1]["key"]

    def _path(self, key):
        if not isinstance(key, str):
            raise TypeError(f"a key is a text, not {type(key).__name__}")
        if not self._prefix + key:
            raise ValueError("a key has at least one character")
        return "/v1/keys/" + urllib.parse.quote(self._prefix + key, safe="")

    def _write(self, method, path, body):
        for _ in range(2):
            if self._session is None:
                status, answer, _ = self._ask("POST", "/v1/sessions")
                self._session = json.loads(self._checked(status, answer))["session"]
                self._serial = 0
            self._serial += 1
            once = {"raft-session": str(self._session), "raft-serial": str(self._serial)}
            status, answer, maybe = self._ask(method, path, body, once)
            if status == 410:
                # The session was forgotten. If no server may have taken the write before, it was not carried out.
                self._session = None
                if maybe:
                    raise RaftError("the session expired meanwhile", maybe=True)
                continue
            return json.loads(self._checked(status, answer))
        raise RaftError("sessions expire at once")

    def _checked(self, status, body):
        if status < 300:
            return body
        try:
            problem = json.loads(body)
        except ValueError:
            raise RaftError(f"an answer of status {status}") from None
        if status == 412:
            raise _Mismatch(problem["title"])
        raise RaftError(f"{problem['title']}: {problem['detail']}")

    def _ask(self, method, path, body=None, headers=None):
        """Asks one server after the other, until one answers. Returns its status, its answer, and whether another one, which did
        not answer, may have taken the request."""
        end = time.monotonic() + self._patience
        wait, maybe, tries, last = 0.02, False, 0, "no server was asked"
        while True:
            left = end - time.monotonic()
            if left <= 0:
                raise RaftError(f"no answer in time: {last}", maybe=maybe and headers is not None)
            server = self._servers[self._favourite]
            try:
                status, answer, location = self._once(server, method, path, body, headers, min(left, 2.0))
            except (OSError, http.client.HTTPException) as error:
                last = f"{server}: {error}"
                maybe = maybe or not isinstance(error, ConnectionRefusedError)
            else:
                if status == 307 and location:
                    self._prefer(urllib.parse.urlsplit(location).netloc)
                    tries += 1
                    if tries <= len(self._servers):
                        continue
                elif status not in (503, 504, 507):
                    return status, answer, maybe
                else:
                    maybe = maybe or (status == 504 and b"unknown-outcome" in answer)
                last = f"{server}: status {status}"
            self._favourite = (self._favourite + 1) % len(self._servers)
            tries += 1
            if tries >= len(self._servers):
                time.sleep(max(0.0, min(wait, end - time.monotonic())))
                tries, wait = 0, min(wait * 2, 0.5)

    def _once(self, server, method, path, body, headers, limit):
        connection = self._connections.get(server)
        if connection is None:
            host, _, port = server.rpartition(":")
            if self._context:
                connection = http.client.HTTPSConnection(host, int(port), context=self._context)
            else:
                connection = http.client.HTTPConnection(host, int(port))
            self._connections[server] = connection
        all_headers = dict(headers or {})
        all_headers["raft-timeout-ms"] = str(max(1, int(limit * 900)))
        if self._token:
            all_headers["authorization"] = f"Bearer {self._token}"
        connection.timeout = limit
        if connection.sock:
            connection.sock.settimeout(limit)
        try:
            connection.request(method, path, body=body, headers=all_headers)
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.getheader("location")
        except (OSError, http.client.HTTPException):
            self._connections.pop(server).close()
            raise

    def _prefer(self, server):
        if server not in self._servers:
            self._servers.append(server)
        self._favourite = self._servers.index(server)


class _Mismatch(RaftError):
    """The key holds another value."""


def _bytes(value):
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, (bytes, bytearray)):
        return bytes(value)
    raise TypeError(f"a value is a text or bytes, not {type(value).__name__}")


def _value(body):
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body


def _json(value):
    if value is None:
        return None
    if isinstance(value, str):
        return {"value": value}
    return {"base64": base64.b64encode(_bytes(value)).decode()}
