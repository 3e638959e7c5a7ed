using System.Text;
using System.Text.Json;
using Llama.Model.Checkpoints;
using Llama.Model.Kernels;
using Llama.Tests.Shared;
using static TorchSharp.torch;

namespace Llama.Model.Tests.Checkpoints;

[HoldsTensors]
public sealed unsafe class CheckpointTests : IDisposable
{
    private const string Norm = "model.norm.weight", Head = "lm_head.weight";
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Map_AlignedTensor_IsTheMappedMemoryItself()
    {
        RandomCheckpoint.Write(_folder.Path, TestConfig.Tiny, TensorDtype.BF16, seed: 1);
        using Checkpoint checkpoint = Checkpoint.Open(_folder.Path);
        using Matrix head = checkpoint.Tensors.Map(Head);
        Assert.Equal((320, 64, ScalarType.BFloat16), (head.Rows, head.Columns, head.Dtype));
        Assert.True(checkpoint.Tensors.Data(Head) == head.Data && TensorMemory.Data(head.Tensor) == head.Data);
        using Tensor doubled = head.Tensor + head.Tensor;
        Assert.Equal(2 * First(head.Tensor), First(doubled));
    }

    [Fact]
    public void Place_OnTheHost_ConvertsIntoMemoryOfItsOwnOrLeavesTheFilesMemory()
    {
        RandomCheckpoint.Write(_folder.Path, TestConfig.Tiny, TensorDtype.F16, seed: 1);
        using Checkpoint checkpoint = Checkpoint.Open(_folder.Path);
        using Matrix single = HostMemory.Instance.Place(checkpoint.Tensors.Map(Norm), ScalarType.Float32), same = HostMemory.Instance.Place(checkpoint.Tensors.Map(Norm), ScalarType.Float16);
        Assert.Equal(First(same.Tensor), First(single.Tensor));
        Assert.True(same.Data == checkpoint.Tensors.Data(Norm));
        single.Tensor.zero_(); // would end the process on the mapped, read-only pages
        Assert.NotEqual(0, First(same.Tensor));
    }

    [Fact]
    public void Map_UnalignedTensor_IsCopied()
    {
        string header = """{"odd":{"dtype":"I8","shape":[1],"data_offsets":[0,1]},"w":{"dtype":"BF16","shape":[2],"data_offsets":[1,5]}}""";
        header = header.PadRight((header.Length + 7) / 8 * 8);
        byte[] file = [.. BitConverter.GetBytes((ulong)header.Length), .. Encoding.UTF8.GetBytes(header), 0, 0x80, 0x3f, 0x00, 0x40];
        File.WriteAllBytes(_folder.In("model.safetensors"), file);
        File.WriteAllText(_folder.In("config.json"), TestConfig.Tiny.ToJson());
        using Checkpoint checkpoint = Checkpoint.Open(_folder.Path);
        using Matrix unaligned = HostMemory.Instance.Place(checkpoint.Tensors.Map("w"), ScalarType.Float32);
        Assert.Equal([1f, 2f], unaligned.Tensor.data<float>().ToArray());
        Assert.Contains("odd is I8; expected F32, F16, BF16 or U8", Assert.Throws<CheckpointException>(() => checkpoint.Tensors.Map("odd")).Message);
        Assert.Contains("has no tensor x", Assert.Throws<CheckpointException>(() => checkpoint.Tensors.Map("x")).Message);
    }

    [Fact]
    public void Open_Shards_FindsEveryTensor()
    {
        WriteShards();
        using Checkpoint checkpoint = Checkpoint.Open(_folder.Path);
        checkpoint.Verify();
        Assert.Equal("F32 [320, 64]", checkpoint.Tensors.Entry(Head).ToString());
    }

    [Fact]
    public void Open_IndexThatDisagrees_SaysWhere()
    {
        Dictionary<string, string> map = WriteShards();
        map[Norm] = "model-1.safetensors";
        map["ghost"] = "model-2.safetensors";
        map.Remove(Head);
        WriteIndex(map);
        string message = Assert.Throws<CheckpointException>(() => Checkpoint.Open(_folder.Path)).Message;
        Assert.Contains($"{Norm} is in model-2.safetensors; the index says model-1.safetensors", message);
        Assert.Contains("ghost is not in model-2.safetensors", message);
        Assert.Contains($"{Head} is in model-2.safetensors and not in the index", message);
    }

    [Fact]
    public void Open_ShardsMissingOrOutsideTheFolder_NamesThemAll()
    {
        Dictionary<string, string> map = WriteShards();
        map["x"] = "absent.safetensors";
        map["y"] = "../outside.safetensors";
        WriteIndex(map);
        var error = Assert.Throws<CheckpointException>(() => Checkpoint.Open(_folder.Path));
        Assert.Equal(2, error.Faults.Count);
        Assert.Contains("absent.safetensors: not found", error.Message);
        Assert.Contains("\"../outside.safetensors\", which is not a file of its folder", error.Message);
    }

    [Fact]
    public void Open_OnlyPickles_SaysHowToConvert()
    {
        File.WriteAllText(_folder.In("config.json"), TestConfig.Tiny.ToJson());
        Assert.Contains("holds no weights", Assert.Throws<CheckpointException>(() => Checkpoint.Open(_folder.Path)).Message);
        File.WriteAllText(_folder.In("pytorch_model.bin"), "");
        Assert.Contains("convert them to safetensors", Assert.Throws<CheckpointException>(() => Checkpoint.Open(_folder.Path)).Message);
    }

    [Fact]
    public void Open_NoFolderOrNoConfig_SaysWhich()
    {
        Assert.Contains("no such folder", Assert.Throws<CheckpointException>(() => Checkpoint.Open(_folder.In("nowhere"))).Message);
        Assert.Contains("config.json", Assert.Throws<CheckpointException>(() => Checkpoint.Open(_folder.Path)).Message);
    }

    [Fact]
    public void Verify_WrongTensors_NamesEachWithItsRemedy()
    {
        var tensors = CheckpointLayout.Expected(TestConfig.Tiny).ToDictionary(tensor => tensor.Name, tensor => tensor.Shape);
        tensors.Remove(Head);
        tensors[Norm] = [63];
        tensors["model.layers.0.self_attn.q_proj.bias"] = [64];
        tensors["model.layers.0.self_attn.rotary_emb.inv_freq"] = [8];
        Write("model.safetensors", tensors);
        File.WriteAllText(_folder.In("config.json"), TestConfig.Tiny.ToJson());
        using Checkpoint checkpoint = Checkpoint.Open(_folder.Path);
        var error = Assert.Throws<CheckpointException>(checkpoint.Verify);
        Assert.Equal(
        [
            "model.norm.weight is [63]; config.json makes it [64]",
            "lm_head.weight [320, 64] is missing; if the head is the embedding, set tie_word_embeddings to true in config.json",
            "model.layers.0.self_attn.q_proj.bias is not part of a Llama: biases are not supported",
        ], error.Faults);
    }

    [Fact]
    public void Verify_TiedHeadThatWasSavedToo_IsIgnored()
    {
        RandomCheckpoint.Write(_folder.Path, TestConfig.Tiny, TensorDtype.F32, seed: 1);
        File.WriteAllText(_folder.In("config.json"), (TestConfig.Tiny with { TieWordEmbeddings = true }).ToJson());
        using Checkpoint checkpoint = Checkpoint.Open(_folder.Path);
        checkpoint.Verify();
    }

    private Dictionary<string, string> WriteShards()
    {
        CheckpointLayout.ExpectedTensor[] all = [.. CheckpointLayout.Expected(TestConfig.Tiny)];
        var map = new Dictionary<string, string>();
        foreach ((string file, CheckpointLayout.ExpectedTensor[] part) in new[] { ("model-1.safetensors", all[..7]), ("model-2.safetensors", all[7..]) })
        {
            Write(file, part.ToDictionary(tensor => tensor.Name, tensor => tensor.Shape));
            foreach (CheckpointLayout.ExpectedTensor tensor in part) map[tensor.Name] = file;
        }
        File.WriteAllText(_folder.In("config.json"), TestConfig.Tiny.ToJson());
        WriteIndex(map);
        return map;
    }

    private void WriteIndex(Dictionary<string, string> map) =>
        File.WriteAllText(_folder.In("model.safetensors.index.json"), JsonSerializer.Serialize(new { weight_map = map }));

    private void Write(string file, Dictionary<string, long[]> tensors) =>
        SafetensorsWriter.Create(_folder.In(file), tensors.Select(tensor => (tensor.Key, TensorDtype.F32, tensor.Value))).Dispose();

    private static float First(Tensor tensor)
    {
        using Tensor single = tensor.to(ScalarType.Float32);
        return single.data<float>()[0];
    }
}
