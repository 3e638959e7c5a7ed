using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace Llama.Tests.Shared;

/// <summary>
/// Many streamed answers, read by one thread that does as little as can be done and allocates nothing: a socket and one HTTP request each, waited for together by
/// epoll(7). It counts events and looks into none. Linux.
/// </summary>
public sealed unsafe partial class SseSockets : IDisposable
{
    private const int Add = 1; // EPOLL_CTL_ADD
    private const uint Readable = 1; // EPOLLIN
    private const int BatchSize = 256;

    private readonly Socket[] _sockets;
    private readonly int[] _lineEnds; // by socket: line feeds that belong to events
    private readonly int _epoll = EpollCreate(0);
    private readonly byte[] _buffer = new byte[1 << 16];
    private int _openCount;
    private long _lineEndCount, _readCount, _byteCount;

    /// <summary>Connects and sends the requests.</summary>
    /// <param name="server">Its address.</param>
    /// <param name="path">The route.</param>
    /// <param name="body">JSON, the same for all.</param>
    /// <param name="count">How many.</param>
    public SseSockets(IPEndPoint server, string path, string body, int count)
    {
        byte[] request = Encoding.UTF8.GetBytes(
            $"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");
        _sockets = [.. Enumerable.Range(0, count).Select(_ => new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true })];
        _lineEnds = new int[count];
        _openCount = count;
        for (int i = 0; i < count; i++)
        {
            _sockets[i].Connect(server);
            _sockets[i].Send(request);
            EpollEvent wanted = new() { Events = Readable, Data = i };
            if (EpollControl(_epoll, Add, (int)_sockets[i].Handle, ref wanted) != 0) throw new SocketException(Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Events so far, of all streams; from any thread.</summary>
    public long EventCount => Volatile.Read(ref _lineEndCount) / 2;

    /// <summary>Pieces in which the kernel gave them; from any thread.</summary>
    public long ReadCount => Volatile.Read(ref _readCount);

    /// <summary>Bytes of all; from any thread.</summary>
    public long ByteCount => Volatile.Read(ref _byteCount);

    /// <summary>Events of each stream, once <see cref="ReadToEnd"/> has returned.</summary>
    public IEnumerable<int> EventCounts => _lineEnds.Select(count => count / 2);

    /// <summary>Reads on the calling thread until every stream is closed.</summary>
    public void ReadToEnd()
    {
        EpollEvent* ready = stackalloc EpollEvent[BatchSize];
        while (_openCount > 0)
        {
            int count = EpollWait(_epoll, ready, BatchSize, timeout: -1);
            for (int i = 0; i < count; i++) Read((int)ready[i].Data);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (Socket socket in _sockets) socket.Dispose();
        _ = Close(_epoll);
    }

    private void Read(int stream)
    {
        fixed (byte* buffer = _buffer)
        {
            int length = (int)Receive((int)_sockets[stream].Handle, buffer, (nuint)_buffer.Length, flags: 0);
            if (length > 0) Count(stream, _buffer.AsSpan(0, length));
            if (length > 0 || Marshal.GetLastSystemError() == 4 /* EINTR */) return;
        }
        _sockets[stream].Close(); // epoll forgets it
        _openCount--;
    }

    /// <summary>Each event ends in two bare line feeds, and JSON has none; those of headers and chunk borders follow a carriage return. So it does not matter where reads cut.</summary>
    private void Count(int stream, ReadOnlySpan<byte> bytes)
    {
        int lineEnds = bytes.Count((byte)'\n') - bytes.Count((byte)'\r');
        _lineEnds[stream] += lineEnds;
        Volatile.Write(ref _lineEndCount, _lineEndCount + lineEnds);
        Volatile.Write(ref _readCount, _readCount + 1);
        Volatile.Write(ref _byteCount, _byteCount + bytes.Length);
    }

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int EpollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int EpollControl(int epoll, int operation, int file, ref EpollEvent wanted);

    [LibraryImport("libc", EntryPoint = "epoll_wait")]
    private static partial int EpollWait(int epoll, EpollEvent* ready, int size, int timeout);

    [LibraryImport("libc", EntryPoint = "recv")]
    private static partial nint Receive(int socket, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);

    /// <summary>Packed on x64: <c>struct epoll_event</c>.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    private struct EpollEvent
    {
        public uint Events;
        public long Data;
    }
}
