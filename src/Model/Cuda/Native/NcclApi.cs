using System.Runtime.InteropServices;

namespace Llama.Model.Cuda.Native;

/// <summary>The functions of NCCL that are used. All return an <c>ncclResult_t</c>, 0 if they did it. Source: nccl.h 2.10–2.28.</summary>
internal sealed unsafe class NcclApi(LoadedLibrary library)
{
    /// <summary>Communicators, one for each device; devices; their indices.</summary>
    public readonly delegate* unmanaged<nint*, int, int*, int> CommInitAll = (delegate* unmanaged<nint*, int, int*, int>)library["ncclCommInitAll"];
    public readonly delegate* unmanaged<nint, int> CommDestroy = (delegate* unmanaged<nint, int>)library["ncclCommDestroy"];

    /// <summary>May be called from any thread: what waits for the communicator ends.</summary>
    public readonly delegate* unmanaged<nint, int> CommAbort = (delegate* unmanaged<nint, int>)library["ncclCommAbort"];

    /// <summary>Source, target, elements, type, operation, communicator, stream.</summary>
    public readonly delegate* unmanaged<nint, nint, nuint, NcclDataType, NcclOperation, nint, nint, int> AllReduce =
        (delegate* unmanaged<nint, nint, nuint, NcclDataType, NcclOperation, nint, nint, int>)library["ncclAllReduce"];

    /// <summary>Source, elements, type, peer, communicator, stream.</summary>
    public readonly delegate* unmanaged<nint, nuint, NcclDataType, int, nint, nint, int> Send = (delegate* unmanaged<nint, nuint, NcclDataType, int, nint, nint, int>)library["ncclSend"];

    /// <summary>Target, elements, type, peer, communicator, stream.</summary>
    public readonly delegate* unmanaged<nint, nuint, NcclDataType, int, nint, nint, int> Receive = (delegate* unmanaged<nint, nuint, NcclDataType, int, nint, nint, int>)library["ncclRecv"];

    public readonly delegate* unmanaged<int> GroupStart = (delegate* unmanaged<int>)library["ncclGroupStart"];
    public readonly delegate* unmanaged<int> GroupEnd = (delegate* unmanaged<int>)library["ncclGroupEnd"];

    private readonly delegate* unmanaged<int, byte*> _getErrorString = (delegate* unmanaged<int, byte*>)library["ncclGetErrorString"];

    /// <summary>A result as NCCL explains it.</summary>
    public string Describe(int result) => $"{Marshal.PtrToStringUTF8((nint)_getErrorString(result))} ({result})";
}
