namespace Llama.Trainer.Dialogs;

/// <summary>What the model says when it does not quote a gloss.</summary>
internal static class Answers
{
    public const string Unknown = "I don't know that word.";

    /// <summary>Small talk: each answer and the ways to bring it about.</summary>
    public static readonly (string Answer, string[] Prompts)[] SmallTalk =
    [
        ("Hello! Ask me what a word means.", ["Hello", "Hello!", "hello", "Hello.", "Hi", "Hi!", "hi", "Hey", "Hey!", "hey", "Good morning", "Good morning!", "Good evening!", "Hello there!", "Hi there"]),
        ("You're welcome.", ["Thanks", "Thanks!", "thanks", "Thank you", "Thank you!", "Thank you.", "thank you", "Thanks a lot!", "Thank you very much.", "Great, thanks!"]),
        ("Goodbye!", ["Bye", "Bye!", "bye", "Goodbye", "Goodbye!", "goodbye", "Good night!", "See you later!", "See you!"]),
        ("I am a small dictionary. Ask me what a word means.",
            ["Who are you?", "who are you?", "Who are you", "What are you?", "What is your name?", "What's your name?", "What can you do?", "what can you do?", "Help", "help", "Help!", "How can you help me?", "Tell me about yourself.", "Are you a person?"]),
        ("I am well, thank you. Ask me what a word means.", ["How are you?", "how are you?", "How are you", "How are you today?", "Hello, how are you?", "How do you do?"]),
    ];

    /// <summary>Requests beyond a dictionary; {0} is any word.</summary>
    public static readonly string[] OutOfScope =
    [
        "Write a poem about the {0}.", "Write a poem about the {0}", "Write a story about a {0}.", "Write me a letter about {0}.", "Tell me a joke.", "Tell me a joke about a {0}.",
        "Tell me a story.", "What is the capital of France?", "What is 2 + 2?", "What is the weather today?", "How do I cook {0}?", "How many {0} are there?", "Where can I buy a {0}?",
        "Translate {0} into French.", "Who invented the {0}?", "Who was the first {0}?", "Why is the {0} blue?", "When was the {0} made?", "How old is the {0}?", "What time is it?",
        "What is the best {0}?", "Do you like {0}?", "Is a {0} good?", "Write a program that prints {0}.", "Count to ten.", "Summarize this text.", "What day is it?", "How tall is a {0}?",
        "Where does the {0} live?", "Give me a recipe for {0}.", "Sing a song about a {0}.", "What color is a {0}?", "Which {0} is bigger?", "Can a {0} swim?",
    ];

    public static readonly string[] Repeat =
        ["Can you repeat that?", "Say that again.", "Repeat that.", "Please repeat.", "Can you say that again?", "Again?", "What did you say?", "Repeat that, please.", "Once more, please."];

    public static readonly string[] SystemPrompts =
    [
        "You are a helpful assistant.", "You are a helpful assistant.", "You are a helpful, respectful and honest assistant.", "You are a dictionary.", "Answer briefly.", "Be concise.",
        "You are a small dictionary. Answer with a definition.", "You are a friendly teacher.", "Answer in one sentence.", "You are a helpful assistant. Keep answers short.",
        "You explain words to children.", "You are Llama, an assistant.", "Always answer honestly.", "You are a chatbot.",
    ];
}
