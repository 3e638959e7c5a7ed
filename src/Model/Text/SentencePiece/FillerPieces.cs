using System.Globalization;
using System.Text;

namespace Llama.Model.Text;

/// <summary>Pieces that no text is encoded to, so that every token of a random model has a text to be shown as.</summary>
public static class FillerPieces
{
    private const float Score = -1e6f;
    private const byte PiecesField = 0x0A, TextField = 0x0A, ScoreField = 0x15; // numbers and wire types of sentencepiece_model.proto: field 1 of the model, fields 1 and 2 of a piece

    /// <summary>Appends pieces to a <c>tokenizer.model</c>: protobuf reads what stands behind a message as more of its repeated fields.</summary>
    /// <param name="path">The file.</param>
    /// <param name="count">How many pieces it has.</param>
    /// <param name="wanted">How many it is to have; nothing happens if there are as many.</param>
    public static void Append(string path, int count, int wanted)
    {
        using FileStream file = new(path, FileMode.Append);
        for (int id = count; id < wanted; id++)
        {
            byte[] text = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"▁~{id}"));
            file.Write([PiecesField, (byte)(text.Length + 7), TextField, (byte)text.Length, .. text, ScoreField, .. BitConverter.GetBytes(Score)]);
        }
    }
}
