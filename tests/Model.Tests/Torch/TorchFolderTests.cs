using Llama.Model.Torch;

namespace Llama.Model.Tests.Torch;

public sealed class TorchFolderTests
{
    [Fact]
    public void NativeFolders_OfASingleFile_AreAlsoWhereTheRuntimeUnpacksIt()
    {
        string[] folders = [.. TorchFolder.NativeFolders("/app/", "/app/:/tmp/.net/Llama.Server/abc/")];

        Assert.Equal(("/app", "/tmp/.net/Llama.Server/abc"), (folders[0], folders[^1]));
        Assert.Equal(3, folders.Length); // and the folder for native libraries, once
    }
}
