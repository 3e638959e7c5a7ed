namespace Llama.Model;

/// <summary>Token rows of one sequence whose hidden states, after the final norm, are wanted as a sum.</summary>
/// <param name="FirstRow">First token row.</param>
/// <param name="RowCount">How many.</param>
/// <param name="Sum">[hidden] they are added to it one after the other, so that the sum does not depend on how a prompt is cut into steps.</param>
public readonly record struct PoolRow(int FirstRow, int RowCount, float[] Sum);
