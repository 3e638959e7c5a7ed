namespace Llama.Server.Web.Requests;

/// <summary>Settings of a program that pages of other origins may call.</summary>
internal interface IHasCors
{
    CorsSettings Cors { get; }
}
