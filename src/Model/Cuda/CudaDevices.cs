using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Llama.Model.Cuda.Native;

namespace Llama.Model.Cuda;

/// <summary>The GPUs that the driver shows this process (<c>CUDA_VISIBLE_DEVICES</c>). To look takes no memory of theirs.</summary>
internal sealed unsafe class CudaDevices : IReadOnlyList<CudaDevice>
{
    private readonly DriverApi _api;
    private readonly CudaDevice[] _devices;

    private CudaDevices(DriverApi api)
    {
        int count;
        _api = api;
        DriverFault.Check(api, api.DeviceGetCount(&count), "cuDeviceGetCount");
        _devices = [.. Enumerable.Range(0, count).Select(Read)];
    }

    /// <summary>The version of CUDA that the driver is made for: libraries of a newer major version do not work with it.</summary>
    public Version DriverVersion => _api.Version;

    public int Count => _devices.Length;

    public CudaDevice this[int index] => _devices[index];

    /// <summary>Finds them.</summary>
    /// <param name="devices">One at least.</param>
    /// <param name="reason">Why there are none.</param>
    public static bool TryFind([NotNullWhen(true)] out CudaDevices? devices, [NotNullWhen(false)] out string? reason) => TryFind(DriverApi.Files, out devices, out reason);

    /// <summary>Finds them through the first that loads of these drivers: a name that the system's loader may know, then files.</summary>
    public static bool TryFind(IReadOnlyList<string> drivers, [NotNullWhen(true)] out CudaDevices? devices, [NotNullWhen(false)] out string? reason)
    {
        devices = null;
        if (!TryLoad(drivers, out LoadedLibrary? library, out reason)) return false;
        try
        {
            DriverApi api = new(library);
            int error = api.Init(0);
            if (error != 0) reason = $"the NVIDIA driver does not start: {DriverFault.Text(api, error)}";
            else if ((devices = new CudaDevices(api)).Count == 0) (devices, reason) = (null, "the NVIDIA driver shows no GPU");
        }
        catch (CudaException e)
        {
            reason = e.Message;
        }
        return devices is not null;
    }

    /// <summary>Takes one into use: its context is current on this thread, and memory of it is taken.</summary>
    public CudaDriver Open(int index) => new(_api, this[index]);

    public IEnumerator<CudaDevice> GetEnumerator() => _devices.AsEnumerable().GetEnumerator();

    System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();

    private static bool TryLoad(IReadOnlyList<string> drivers, [NotNullWhen(true)] out LoadedLibrary? library, [NotNullWhen(false)] out string? reason)
    {
        if (LoadedLibrary.TryLoad(drivers[0], out library, out reason)) return true;
        foreach (string file in drivers.Skip(1).Where(File.Exists))
            if (LoadedLibrary.TryLoad(file, out library, out reason)) return true;
        reason = reason.StartsWith($"{drivers[0]}: cannot open", StringComparison.Ordinal)
            ? $"no NVIDIA driver: {drivers[0]} was not found"
            : $"the NVIDIA driver does not load: {reason}";
        return false;
    }

    private CudaDevice Read(int index)
    {
        const int length = 256;
        int device;
        nuint bytes;
        byte* name = stackalloc byte[length];
        DriverFault.Check(_api, _api.DeviceGet(&device, index), $"cuDeviceGet of {index}");
        DriverFault.Check(_api, _api.DeviceGetName(name, length, device), "cuDeviceGetName");
        DriverFault.Check(_api, _api.DeviceTotalMem(&bytes, device), "cuDeviceTotalMem");
        return new CudaDevice(
            index, Marshal.PtrToStringUTF8((nint)name)!, Attribute(device, DeviceAttribute.ComputeCapabilityMajor), Attribute(device, DeviceAttribute.ComputeCapabilityMinor),
            Attribute(device, DeviceAttribute.MultiprocessorCount), Attribute(device, DeviceAttribute.MaxSharedMemoryPerBlockOptin))
        {
            MemoryBytes = (long)bytes,
        };
    }

    private int Attribute(int device, DeviceAttribute attribute)
    {
        int value;
        DriverFault.Check(_api, _api.DeviceGetAttribute(&value, attribute, device), $"cuDeviceGetAttribute of {attribute}");
        return value;
    }
}
