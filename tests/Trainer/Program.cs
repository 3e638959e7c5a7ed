using Llama.Trainer.Verbs;

const string Help = """
    Trains the demo model: a small Llama 2 that answers as a dictionary, from WordNet.

    dotnet run -c Release --project tests/Trainer -- VERB [--option value …]

      corpus      choose the words and cut their glosses           → WORK/words.tsv
      tokenizer   train SentencePiece on them (needs spm_train)    → WORK/tokenizer.model
      train       train; checkpoints every five minutes            → WORK/checkpoint.safetensors
      export      round to bfloat16, Hugging Face layout           → MODEL/
      evaluate    measure MODEL over the whole list, write its card
      ask         answer the questions on standard input, one a line

      --work DIR       artifacts/trainer             --wordnet DIR    /usr/share/wordnet
      --model DIR      models/llama-2-wordnet-8m     --words N        3000
      --steps N | --minutes M (train)                --seed N         1
      --from FILE      checkpoint to go on from (train)
    """;

Dictionary<string, Action<Options>> verbs = new()
{
    ["corpus"] = CorpusVerb.Run,
    ["tokenizer"] = TokenizerVerb.Run,
    ["train"] = TrainVerb.Run,
    ["export"] = ExportVerb.Run,
    ["evaluate"] = EvaluateVerb.Run,
    ["ask"] = AskVerb.Run,
};

bool asks = args is [] || args.Contains("--help");
if (asks || !verbs.TryGetValue(args[0], out Action<Options>? verb))
{
    Console.WriteLine(Help);
    return asks ? 0 : 2;
}
Options options;
try
{
    options = new Options(args[1..]);
}
catch (ArgumentException wrong)
{
    Console.Error.WriteLine(wrong.Message);
    return 2;
}
verb(options);
return 0;
