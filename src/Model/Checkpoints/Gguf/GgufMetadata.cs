using System.Text;

namespace Llama.Model.Checkpoints.Gguf;

/// <summary>Metadata to be written: values are encoded as they are added.</summary>
internal sealed class GgufMetadata
{
    private readonly MemoryStream _bytes = new();
    private readonly BinaryWriter _writer;

    public GgufMetadata() => _writer = new BinaryWriter(_bytes);

    public ulong Count { get; private set; }

    /// <summary>Keys and values as they stand in a file.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.GetBuffer().AsSpan(0, (int)_bytes.Length);

    public void Add(string key, string value)
    {
        Begin(key, GgufValueType.String);
        WriteText(_writer, value);
    }

    public void Add(string key, int value)
    {
        Begin(key, GgufValueType.UInt32);
        _writer.Write(checked((uint)value));
    }

    public void Add(string key, double value)
    {
        Begin(key, GgufValueType.Float32);
        _writer.Write((float)value);
    }

    public void Add(string key, bool value)
    {
        Begin(key, GgufValueType.Bool);
        _writer.Write(value);
    }

    public void Add(string key, IReadOnlyCollection<string> values)
    {
        BeginArray(key, GgufValueType.String, values.Count);
        foreach (string value in values) WriteText(_writer, value);
    }

    public void Add(string key, IReadOnlyCollection<float> values)
    {
        BeginArray(key, GgufValueType.Float32, values.Count);
        foreach (float value in values) _writer.Write(value);
    }

    public void Add(string key, IReadOnlyCollection<int> values)
    {
        BeginArray(key, GgufValueType.Int32, values.Count);
        foreach (int value in values) _writer.Write(value);
    }

    public void Add(string key, byte[] values)
    {
        BeginArray(key, GgufValueType.UInt8, values.Length);
        _writer.Write(values);
    }

    /// <summary>A length and as many bytes of UTF-8.</summary>
    public static void WriteText(BinaryWriter writer, string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)utf8.Length);
        writer.Write(utf8);
    }

    private void Begin(string key, GgufValueType type)
    {
        Count++;
        WriteText(_writer, key);
        _writer.Write((uint)type);
    }

    private void BeginArray(string key, GgufValueType type, int count)
    {
        Begin(key, GgufValueType.Array);
        _writer.Write((uint)type);
        _writer.Write((ulong)count);
    }
}
