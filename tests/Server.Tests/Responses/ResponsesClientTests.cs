using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text;
using Llama.Server.Tests.Hosting;
using OpenAI.Responses;

namespace Llama.Server.Tests.Responses;

/// <summary>The promise tested with the customer's own tool: OpenAI's official .NET client.</summary>
public sealed class ResponsesClientTests
{
    private const string Reply = "A giraffe is a tall animal.";

    [Fact]
    public async Task CreateResponse_Whole_GivesTextAndUsage()
    {
        await using var app = new TestApp { Reply = Reply };
        ResponsesClient client = await ConnectAsync(app);

        ResponseResult response = await client.CreateResponseAsync(TestApp.ModelName, "What is a giraffe?");

        Assert.Equal(Reply, response.GetOutputText());
        Assert.Equal(ResponseStatus.Completed, response.Status);
        Assert.Equal(TestApp.ModelName, response.Model);
        Assert.Equal(TestApp.Tokenizer.Encode(Reply).Length + 1, response.Usage.OutputTokenCount);
        Assert.Equal(response.Usage.InputTokenCount + response.Usage.OutputTokenCount, response.Usage.TotalTokenCount);
    }

    [Fact]
    public async Task CreateResponse_Streamed_GivesTheSame()
    {
        await using var app = new TestApp { Reply = Reply };
        ResponsesClient client = await ConnectAsync(app);
        var text = new StringBuilder();
        var updates = new List<StreamingResponseUpdate>();

        await foreach (StreamingResponseUpdate update in await client.CreateResponseStreamingAsync(TestApp.ModelName, "What is a giraffe?"))
        {
            updates.Add(update);
            text.Append((update as StreamingResponseOutputTextDeltaUpdate)?.Delta);
        }

        Assert.Equal(Reply, text.ToString());
        Assert.IsType<StreamingResponseCreatedUpdate>(updates[0]);
        Assert.Equal(Reply, Assert.IsType<StreamingResponseCompletedUpdate>(updates[^1]).Response.GetOutputText());
        Assert.Equal(Enumerable.Range(0, updates.Count), updates.Select(update => update.SequenceNumber));
    }

    [Fact]
    public async Task CreateResponse_AllHonouredOptions_AreAcceptedAndComeBack()
    {
        await using var app = new TestApp();
        ResponsesClient client = await ConnectAsync(app);
        var options = new CreateResponseOptions(TestApp.ModelName, [ResponseItem.CreateUserMessageItem("Hi")])
        {
            Instructions = "Be brief.",
            MaxOutputTokenCount = 5,
            Temperature = 0.5f,
            TopP = 0.75f,
            EndUserId = "someone",
            Metadata = { ["a"] = "b" },
            ParallelToolCallsEnabled = false,
            TruncationMode = ResponseTruncationMode.Auto,
            TopLogProbabilityCount = 2,
            IncludedProperties = { new IncludedResponseProperty("message.output_text.logprobs") },
            TextOptions = new ResponseTextOptions { TextFormat = ResponseTextFormat.CreateTextFormat() },
            ServiceTier = ResponseServiceTier.Auto,
        };

        ResponseResult response = await client.CreateResponseAsync(options);

        Assert.Equal(ResponseStatus.Incomplete, response.Status);
        Assert.Equal(ResponseIncompleteStatusReason.MaxOutputTokens, response.IncompleteStatusDetails.Reason);
        Assert.Equal((5, 0.5f, 0.75f, "someone", "b"), (response.MaxOutputTokenCount, response.Temperature, response.TopP, response.EndUserId, response.Metadata["a"]));
        var message = Assert.IsAssignableFrom<MessageResponseItem>(Assert.Single(response.OutputItems));
        Assert.Equal(5, message.Content[0].OutputTextTokenLogProbabilities.Count);
        Assert.All(message.Content[0].OutputTextTokenLogProbabilities, token => Assert.Equal(2, token.TopLogProbabilities.Count));
    }

    [Fact]
    public async Task PreviousResponse_ContinuedAndReadAndDeleted_AllByTheClient()
    {
        await using var app = new TestApp { Reply = Reply };
        ResponsesClient client = await ConnectAsync(app);
        ResponseResult first = await client.CreateResponseAsync(TestApp.ModelName, "What is a giraffe?");

        ResponseResult second = await client.CreateResponseAsync(TestApp.ModelName, "And a zebra?", previousResponseId: first.Id);

        Assert.Equal(first.Id, second.PreviousResponseId);
        Assert.True(second.Usage.InputTokenCount > first.Usage.TotalTokenCount);
        ResponseResult read = await client.GetResponseAsync(first.Id);
        Assert.Equal(Reply, read.GetOutputText());
        var items = new List<ResponseItem>();
        await foreach (ResponseItem item in client.GetResponseInputItemsAsync(new ResponseItemCollectionOptions(second.Id) { Order = ResponseItemCollectionOrder.Ascending }))
            items.Add(item);
        Assert.Equal(["What is a giraffe?", Reply, "And a zebra?"], items.Select(item => Assert.IsAssignableFrom<MessageResponseItem>(item).Content[0].Text));
        ResponseDeletionResult deleted = await client.DeleteResponseAsync(first.Id);
        Assert.True(deleted.Deleted);
        Assert.Equal(404, (await Assert.ThrowsAsync<ClientResultException>(() => client.GetResponseAsync(first.Id))).Status);
    }

    [Fact]
    public async Task OutputItems_SentBack_GoOnWithTheConversation()
    {
        await using var app = new TestApp { Reply = Reply };
        ResponsesClient client = await ConnectAsync(app);
        List<ResponseItem> conversation = [ResponseItem.CreateUserMessageItem("What is a giraffe?")];
        ResponseResult first = await client.CreateResponseAsync(TestApp.ModelName, conversation);
        conversation.AddRange(first.OutputItems);
        conversation.Add(ResponseItem.CreateUserMessageItem("And a zebra?"));

        ResponseResult resent = await client.CreateResponseAsync(TestApp.ModelName, conversation);
        ResponseResult continued = await client.CreateResponseAsync(TestApp.ModelName, "And a zebra?", previousResponseId: first.Id);

        Assert.Equal(continued.Usage.InputTokenCount, resent.Usage.InputTokenCount);
    }

    internal static async Task<ResponsesClient> ConnectAsync(TestApp app)
    {
        await app.StartAsync();
        return new ResponsesClient(new ApiKeyCredential("any"), new ResponsesClientOptions
        {
            Endpoint = new Uri("http://localhost/v1"),
            Transport = new HttpClientPipelineTransport(app.CreateClient()),
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
        });
    }
}
