using System.Text;
using Llama.Model.Checkpoints;
using Llama.Model.Checkpoints.Gguf;
using Llama.Model.Text;
using Llama.Model.Torch;
using Llama.Tests.Shared;

namespace Llama.Model.Tests.Gguf;

public sealed class GgufPathTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Find_FolderOfOneModel_IsItsFile()
    {
        Assert.Null(GgufPath.Find(_folder.Path));
        File.WriteAllText(_folder.In("a.gguf"), "");
        Assert.Equal(_folder.In("a.gguf"), GgufPath.Find(_folder.Path));
        File.WriteAllText(_folder.In("b.gguf"), "");
        string message = Assert.Throws<CheckpointException>(() => GgufPath.Find(_folder.Path)).Message;
        Assert.Contains("holds 2 GGUF models (a.gguf, b.gguf); name one of the files", message);
        File.WriteAllText(_folder.In("config.json"), "{}");
        Assert.Null(GgufPath.Find(_folder.Path));
    }

    [Fact]
    public void Find_AnyPart_IsTheFirst()
    {
        foreach (int part in (int[])[1, 2, 3]) File.WriteAllText(_folder.In($"m-0000{part}-of-00003.gguf"), "");
        Assert.Equal(_folder.In("m-00001-of-00003.gguf"), GgufPath.Find(_folder.Path));
        Assert.Equal(_folder.In("m-00001-of-00003.gguf"), GgufPath.Find(_folder.In("m-00002-of-00003.gguf")));
        Assert.Equal(3, GgufPath.Parts(_folder.In("m-00002-of-00003.gguf")).Length);
    }

    [Fact]
    public void Open_SplitModel_FindsEveryTensorOrNamesWhatIsMissing()
    {
        TorchLibrary.Load();
        using var model = new GgufFolder();
        string whole = model.Convert("BF16");
        string[] parts = Split(whole);
        using (GgufCheckpoint checkpoint = GgufCheckpoint.Open(parts[0]), expected = GgufCheckpoint.Open(whole))
        {
            Assert.Equal(expected.Config, checkpoint.Config);
            Assert.Equal(expected.Tensors.Select(tensor => tensor.Name).Order(), checkpoint.Tensors.Select(tensor => tensor.Name).Order());
        }
        Assert.Equal(Tokenizer.Load(whole).VocabSize, Tokenizer.Load(parts[1]).VocabSize);

        File.Delete(parts[1]);
        Assert.Contains("m-00002-of-00002.gguf: not found", Assert.Throws<CheckpointException>(() => GgufCheckpoint.Open(parts[0])).Message);
    }

    // The first part has metadata and all tensors but the last, the second that one.
    private string[] Split(string whole)
    {
        string[] parts = [_folder.In("m-00001-of-00002.gguf"), _folder.In("m-00002-of-00002.gguf")];
        using GgufFile opened = GgufFile.Open(whole);
        byte[] file = File.ReadAllBytes(whole);
        TensorEntry last = opened.Tensors[^1];
        using (GgufWriter writer = GgufWriter.Create(parts[1], GgufWriter.Lay(new GgufMetadata(), [new(last.Name, GgufTensorType.Find(last.Dtype)!, last.Shape)])))
            writer.Write(last.Name, file.AsSpan((int)last.Offset, (int)last.ByteCount));
        int info = file.AsSpan().LastIndexOf(Encoding.UTF8.GetBytes(last.Name)) - sizeof(ulong), data = (int)opened.Tensors.Min(tensor => tensor.Offset);
        byte[] header = file[..info];
        header[8]--; // tensors
        File.WriteAllBytes(parts[0], [.. header, .. new byte[(32 - info % 32) % 32], .. file[data..(int)last.Offset]]);
        return parts;
    }
}
