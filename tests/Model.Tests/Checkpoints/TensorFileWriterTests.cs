using Llama.Model.Checkpoints.Gguf;
using Llama.Tests.Shared;

namespace Llama.Model.Tests.Checkpoints;

public sealed class TensorFileWriterTests
{
    [Fact]
    public void Create_FileThatCannotBe_StaysOpenNowhere()
    {
        using TempFolder folder = new();
        GgufWriter.GgufLayout layout = GgufWriter.Lay(new GgufMetadata(), []) with { ByteCount = -1 };
        Assert.Throws<ArgumentOutOfRangeException>(() => GgufWriter.Create(folder.In("x.gguf"), layout));
        using FileStream alone = new(folder.In("x.gguf"), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
    }
}
