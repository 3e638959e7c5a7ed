using System.Net;
using System.Net.Sockets;
using Llama.Model.Diagnosis;
using Llama.Server.Web.Hosting;

namespace Llama.Server.CommandLine.Doctor;

/// <summary>Whether the server could listen where it is to, and who could reach it there.</summary>
internal static class AddressExamination
{
    public static IEnumerable<Finding> Findings(IConfiguration settings, string contentRoot, bool hasKeys)
    {
        foreach (string wrong in Tls.Faults(settings, contentRoot)) yield return Finding.Fault("certificate", wrong);
        foreach (string wrong in ConnectionLimits.Faults(settings)) yield return Finding.Fault("limits", wrong);
        foreach (string address in ListenAddresses.Of(settings).DefaultIfEmpty(ListenAddresses.Default))
        {
            if (ListenAddress.Fault(address) is { } fault)
            {
                yield return Finding.Fault("address", fault);
                continue;
            }
            BindingAddress binding = BindingAddress.Parse(address);
            yield return Bind(address, binding);
            if (binding.Scheme.Equals("https", StringComparison.OrdinalIgnoreCase) && !settings.GetSection("Kestrel").Exists())
                yield return Finding.Warning("certificate", $"{address} needs one, and none is set", Tls.Remedy);
            if (!hasKeys && !ListenAddress.IsLoopback(binding))
                yield return Finding.Warning("keys", $"anyone who reaches {address} may call", "Set Auth:ApiKeys, or listen on localhost.");
        }
    }

    private static Finding Bind(string address, BindingAddress binding)
    {
        if (binding.IsUnixPipe || binding.IsNamedPipe) return new Finding("address", $"{address} (not tried)");
        try
        {
            Listen(binding);
            return new Finding("address", $"{address} is free");
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => Finding.Fault("address", $"{address} is taken", "End the program that listens there (a server that already runs?), or choose another with --urls."),
                SocketError.AccessDenied => Finding.Fault("address", $"{address} is not allowed to this user", "Choose a port above 1023 with --urls."),
                _ => Finding.Fault("address", $"{address}: {e.Message}", "Choose another with --urls."),
            };
        }
    }

    // Tried and let go of at once: nothing can connect in between, as it is only bound.
    private static void Listen(BindingAddress binding)
    {
        IPAddress where = ListenAddress.IsLocalhost(binding) ? IPAddress.Loopback : IPAddress.TryParse(binding.Host.Trim('[', ']'), out IPAddress? ip) ? ip : IPAddress.Any;
        using Socket socket = new(where.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(where, binding.Port));
    }
}
