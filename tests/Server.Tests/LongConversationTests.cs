using Llama.Model.Text;
using Llama.Server.Responses;
using Llama.Server.Tools;
using Llama.Server.Tools.Formats;
using Llama.Tests.Shared;

namespace Llama.Server.Tests;

/// <summary>Conversations of very many messages cost in proportion to them: what is there already is not copied for each.</summary>
public sealed class LongConversationTests
{
    private const int Few = 500, Times = 4, Most = 8; // copying would be Times²

    [Fact]
    public void Convert_ManySystemMessages_AreOneInTheirOrder()
    {
        ResponseItem[] items = [Says("system", "a"), Says("developer", "b"), Says("user", "c"), Says("system", "d")];

        Assert.Null(ItemConversation.Convert(items, "i", out IReadOnlyList<ChatMessage> messages));

        Assert.Equal([("system", "i\n\na\n\nb"), ("user", "c"), ("system", "d")], messages.Select(message => (message.Role, message.Content)));
    }

    [Fact]
    public void Convert_NothingButSystemMessages_AreOne()
    {
        Assert.Null(ItemConversation.Convert([Says("system", "a"), Says("system", "b")], null, out IReadOnlyList<ChatMessage> messages));

        Assert.Equal("a\n\nb", Assert.Single(messages).Content);
    }

    [Fact]
    public void Convert_ManySystemMessages_TakesMemoryInProportion() =>
        AssertProportional(count => ItemConversation.Convert([.. Enumerable.Repeat(Says("system", "be brief"), count), Says("user", "x")], "i", out _));

    [Fact]
    public void Convert_ManyCallsOfOneMessage_TakesMemoryInProportion() => AssertProportional(count =>
    {
        ResponseItem[] calls = [.. Enumerable.Range(0, count).Select(i => new FunctionCallItem($"fc_{i}", "completed", $"call_{i}", "f", "{}"))];
        ResponseItem[] outputs = [.. Enumerable.Range(0, count).Select(i => new FunctionCallOutputItem($"fco_{i}", "completed", $"call_{i}", "1"))];
        Assert.Null(ItemConversation.Convert([Says("user", "x"), .. calls, .. outputs], null, out IReadOnlyList<ChatMessage> messages));
        Assert.Equal([0, count, 0], messages.Take(3).Select(message => message.ToolCalls.Count));
    });

    [Fact]
    public void Rewrite_ManyMessagesOfOneSpeaker_TakesMemoryInProportion() =>
        AssertProportional(count => new ToolPrompt(new HermesFormat()).Rewrite([.. Enumerable.Repeat(new ChatMessage("user", "Hi there"), count)], []));

    private static MessageItem Says(string role, string text) => new("msg_1", "completed", role, [new InputText(text)]);

    private static void AssertProportional(Action<int> run)
    {
        long few = Allocated.InStretch(() => run(Few)), many = Allocated.InStretch(() => run(Times * Few));
        Assert.InRange(many, few, Most * few);
    }
}
