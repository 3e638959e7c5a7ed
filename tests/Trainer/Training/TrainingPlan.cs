namespace Llama.Trainer.Training;

/// <summary>How long to train: a number of steps, or minutes where the number is not known yet. The learning rate follows the fraction done.</summary>
internal sealed record TrainingPlan(int? Steps, double? Minutes)
{
    private const int WarmUpSteps = 30;

    public double Done(int step, TimeSpan elapsed) => Steps is { } steps ? (double)step / steps : elapsed.TotalMinutes / Minutes!.Value;

    /// <summary>Fraction of the full learning rate: a short rise, a level half, then a straight line to zero.</summary>
    public static double LearningRate(int step, double done) => Math.Min(1, (step + 1.0) / WarmUpSteps) * Math.Clamp((1 - done) / 0.6, 0, 1);
}
