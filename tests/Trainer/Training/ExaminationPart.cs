using Llama.Trainer.Dialogs;

namespace Llama.Trainer.Training;

/// <summary>One kind of question, and the conversations it is measured with.</summary>
internal sealed record ExaminationPart(string Name, IReadOnlyList<Dialog> Dialogs)
{
    public string Example => string.Join(" … ", Dialogs[Dialogs.Count / 2].Turns.Select(turn => turn.Prompt));
}
