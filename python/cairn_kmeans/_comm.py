"""How the processes of one fit reach each other: over MPI, or over sockets."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from typing import Any, Optional, Protocol

import numpy as np

#: Bytes that a call of MPI moves at most.
MOST = 1 << 30


class Comm(Protocol):
    """The calls that a fit makes. All processes make the same ones, in the same order."""

    rank: int
    size: int

    def sum(self, words: np.ndarray) -> np.ndarray:
        """The sums of the words of all processes, modulo 2^64."""

    def gather(self, own: bytes) -> list[bytes]:
        """The bytes of every process."""

    def broadcast(self, own: bytes, root: int) -> bytes:
        """The bytes of one process."""


class MpiComm:
    """A communicator of mpi4py."""

    def __init__(self, comm: Any) -> None:
        self.comm = comm
        self.rank = comm.Get_rank()
        self.size = comm.Get_size()

    def sum(self, words: np.ndarray) -> np.ndarray:
        sums = np.empty_like(words)
        for first in range(0, len(words), MOST // 8):
            part = slice(first, first + MOST // 8)
            self.comm.Allreduce(words[part], sums[part])  # MPI.SUM is the default
        return sums

    def gather(self, own: bytes) -> list[bytes]:
        piece = MOST // self.size
        longest = max(self.comm.allgather(len(own)))
        parts = [self.comm.allgather(own[first : first + piece]) for first in range(0, longest, piece)]
        return [b"".join(pieces) for pieces in zip(*parts, strict=True)] or [b""] * self.size

    def broadcast(self, own: bytes, root: int) -> bytes:
        length = self.comm.bcast(len(own), root)
        parts = [self.comm.bcast(own[first : first + MOST], root) for first in range(0, length, MOST)]
        return b"".join(parts)


class SocketComm:
    """Processes that are connected to the first one, by sockets."""

    def __init__(self, rank: int, size: int, *, hub: Optional[Listener], address: Any, key: bytes) -> None:
        self.rank = rank
        self.size = size
        self._peers: list[Connection] = []
        with _reached():
            if rank > 0:
                self._peers.append(_prompt(Client(address, authkey=key)))
                self._peers[0].send(rank)
                return
            assert hub is not None
            found: dict[int, Connection] = {}
            while len(found) < size - 1:
                peer = _prompt(hub.accept())
                found[peer.recv()] = peer
            self._peers = [found[other] for other in range(1, size)]

    def close(self) -> None:
        for peer in self._peers:
            with contextlib.suppress(OSError), socket.socket(fileno=os.dup(peer.fileno())) as same:
                same.shutdown(socket.SHUT_RDWR)  # wakes a call that waits for it
            peer.close()

    def gather(self, own: bytes) -> list[bytes]:
        with _reached():
            if self.rank > 0:
                self._peers[0].send_bytes(own)
                return [self._peers[0].recv_bytes() for _ in range(self.size)]
            parts = [own, *(peer.recv_bytes() for peer in self._peers)]
            for peer in self._peers:
                for part in parts:
                    peer.send_bytes(part)
            return parts

    def sum(self, words: np.ndarray) -> np.ndarray:
        with _reached():
            if self.rank > 0:
                self._peers[0].send_bytes(words.tobytes())
                return np.frombuffer(self._peers[0].recv_bytes(), dtype=np.uint64)
            sums = words.copy()
            for peer in self._peers:
                sums += np.frombuffer(peer.recv_bytes(), dtype=np.uint64)
            for peer in self._peers:
                peer.send_bytes(sums.tobytes())
            return sums

    def broadcast(self, own: bytes, root: int) -> bytes:
        return self.gather(own if self.rank == root else b"")[root]


def _prompt(connection: Connection) -> Connection:
    """The connection, which sends small messages at once."""
    with socket.socket(fileno=os.dup(connection.fileno())) as same:
        same.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


@contextlib.contextmanager
def _reached() -> Iterator[None]:
    """A call over sockets, of which the others may be gone."""
    try:
        yield
    except (AuthenticationError, EOFError, OSError) as error:
        reason = str(error) or "a connection was closed"
        raise RuntimeError(f"the other processes of this fit can't be reached ({reason})") from error


@contextlib.contextmanager
def together(comm: Comm) -> Iterator[None]:
    """A step in which a process may fail: then all do, and none waits for it."""
    try:
        yield
    except Exception as error:
        comm.gather(f"{type(error).__name__}: {error}".encode())
        raise
    for rank, text in enumerate(comm.gather(b"")):
        if text:
            raise RuntimeError(f"process {rank} of this fit failed: {text.decode()}")


def of_mpi(comm: Any) -> Comm:
    """The communicator of mpi4py as a fit takes it."""
    missing = [name for name in ("Get_rank", "Get_size", "Allreduce", "allgather", "bcast") if not hasattr(comm, name)]
    if missing:
        raise TypeError(f"comm={comm!r}: give a communicator of mpi4py, or a dask.distributed Client")
    return MpiComm(comm)
