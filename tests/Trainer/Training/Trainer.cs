using System.Diagnostics;
using Llama.Trainer.Plain;
using static TorchSharp.torch;

namespace Llama.Trainer.Training;

/// <summary>Trains the model on freshly drawn conversations, with the loss on answers only.</summary>
internal sealed class Trainer(PlainLlama model, Lesson lesson, TrainingPlan plan, string folder)
{
    private const int BatchTokens = 4096, BatchesPerDraw = 8, LogEvery = 20;
    private static readonly TimeSpan CheckEvery = TimeSpan.FromMinutes(5);

    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly Progress _progress = new();
    private TimeSpan _nextCheck = CheckEvery;
    private int _step;

    public void Run()
    {
        using LlamaOptimizer optimizer = new(model);
        while (plan.Done(_step, _watch.Elapsed) < 1)
            foreach (Batch batch in lesson.Draw(BatchesPerDraw, BatchTokens)) Step(optimizer, batch);
        Check();
    }

    private void Step(LlamaOptimizer optimizer, Batch batch)
    {
        double done = plan.Done(_step, _watch.Elapsed);
        if (done >= 1) return;
        _progress.Add(batch.TokenCount, Learn(batch));
        optimizer.Step(TrainingPlan.LearningRate(_step, done));
        _step++;
        if (_step % LogEvery == 0) _progress.Log(_step, done, _watch.Elapsed);
        if (_watch.Elapsed >= _nextCheck) Check();
    }

    private double Learn(Batch batch)
    {
        using var scope = NewDisposeScope();
        Tensor hidden = model.Hidden(batch.Tokens()).flatten(0, 1).index_select(0, batch.TargetPositions());
        Tensor losses = nn.functional.cross_entropy(model.Head(hidden), batch.TargetTokens(), reduction: nn.Reduction.None);
        Tensor mean = losses.mean();
        mean.backward();
        lesson.Report(batch, losses.detach().data<float>().ToArray());
        return mean.item<float>();
    }

    // Saved before it is measured, so that a stopped run leaves something to ship.
    private void Check()
    {
        SafetensorsFile.Save(Path.Combine(folder, "checkpoint.tmp"), model.Weights, asBFloat16: false);
        File.Move(Path.Combine(folder, "checkpoint.tmp"), Path.Combine(folder, "checkpoint.safetensors"), overwrite: true);
        Console.WriteLine($"step {_step}: {lesson.Quiz(model.RoundedToBFloat16())}");
        _nextCheck = _watch.Elapsed + CheckEvery;
    }
}
