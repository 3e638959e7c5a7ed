using System.CommandLine;
using System.Runtime.InteropServices;
using Llama.Server.Remote;

namespace Llama.Server.CommandLine.Terminal;

/// <summary><c>chat</c>: a conversation with any OpenAI-compatible server.</summary>
internal static class ChatVerb
{
    public static Command Command()
    {
        ChatOptions options = new();
        InterruptedCommand command = new("chat", "Talks with this server, or any other that OpenAI's clients can talk with, in the terminal.") { ExplainedHelp.Option(Explanation) };
        options.AddTo(command);
        command.SetAction((parsed, cancellation) => RunAsync(options.Read(parsed), parsed.InvocationConfiguration, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(ChatSettings settings, InvocationConfiguration console, CancellationToken cancellation)
    {
        using RemoteServer server = new(settings.Url, settings.ApiKey);
        string model = settings.Model ?? (await server.ModelsAsync(cancellation))[0];
        Screen screen = Screen.Of(console.Output, console.Error);
        Interrupts interrupts = new();
        using PosixSignalRegistration signal = PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
        {
            context.Cancel = true;
            if (interrupts.Raise()) screen.Note("Ctrl-C again, Ctrl-D or /quit leaves.");
        });
        ChatSession session = new(server, model, settings, screen, interrupts);
        if (settings.Question is { } question) return await session.AskOnceAsync(question);
        if (settings.IsWhole) return await session.AskOnceAsync(await StandardInput.Open().ReadToEndAsync(cancellation));
        return await session.RunAsync(new QuestionReader(StandardInput.Open(), screen, () => screen.IsConversation && StandardInput.HasMore()));
    }

    private const string Explanation = """
        Without a question it asks for one after the other: in a terminal with /help for more, else one from each line of standard input (--whole takes all of it as one).
        \ at the end of a line goes on in the next; three quotation marks begin and end a question of several lines; what is pasted is one question.
        Backspace, Ctrl-U and Ctrl-W edit a line; rlwrap (a package of every distribution) in front of the command adds cursor keys and a history.
        Ctrl-C stops the answer, a second one leaves, and so does Ctrl-D. NO_COLOR in the environment leaves colours out. The exit code is 1 when an answer failed.
        """;
}
