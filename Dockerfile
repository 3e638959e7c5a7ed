# syntax=docker/dockerfile:1
#
#   docker build -t llama-server .                            for a CPU, with the demo model inside
#   docker build -t llama-server:cuda --build-arg DEVICE=cuda .   for an NVIDIA GPU (docker run --gpus all)
#   docker build -t llama-gateway --target gateway .          the gateway before several servers
#
#   docker run -p 8080:8080 --read-only --tmpfs /tmp -v /models:/models:ro -e Model__Path=/models/Llama-2-7b-chat-hf llama-server
ARG DEVICE=cpu

FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
# What decides which packages are restored, first: a change of code does not fetch libtorch again.
COPY global.json Directory.Build.props Directory.Build.targets Directory.Packages.props TorchBackend.props TorchSharp.targets appsettings.json ./
COPY src/Model/Model.csproj src/Model/
COPY src/Scheduler/Scheduler.csproj src/Scheduler/
COPY src/Server/Server.csproj src/Server/
COPY deploy/Gateway/Gateway.csproj deploy/Gateway/
COPY deploy/docker/publish.sh deploy/docker/
ARG DEVICE
RUN --mount=type=cache,target=/root/.nuget/packages deploy/docker/publish.sh restore "$DEVICE"
COPY src src
COPY models models
COPY deploy/Gateway deploy/Gateway

FROM build AS build-server
ARG DEVICE
RUN --mount=type=cache,target=/root/.nuget/packages deploy/docker/publish.sh server "$DEVICE" /app

FROM build AS build-gateway
RUN --mount=type=cache,target=/root/.nuget/packages deploy/docker/publish.sh gateway cpu /app

# .NET comes with the program. A GPU's kernels are compiled by NVRTC, and cuBLAS does the large products; both are in NVIDIA's runtime image.
FROM mcr.microsoft.com/dotnet/runtime-deps:10.0 AS runtime-cpu
FROM nvidia/cuda:12.8.1-runtime-ubuntu24.04 AS runtime-cuda
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility

FROM mcr.microsoft.com/dotnet/runtime-deps:10.0 AS gateway
LABEL org.opencontainers.image.title="Llama.NET Gateway" \
      org.opencontainers.image.description="One address before several servers: equal prefixes to one replica, another where one fails" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build-gateway /app /app
ENV ASPNETCORE_URLS=http://0.0.0.0:8080 HOME=/tmp
USER 1654:1654
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=5s --start-period=10s CMD ["/app/Llama.Gateway", "health"]
ENTRYPOINT ["/app/Llama.Gateway"]

FROM runtime-${DEVICE} AS server
LABEL org.opencontainers.image.title="Llama.NET Server" \
      org.opencontainers.image.description="OpenAI-compatible inference server for Llama 2 in C#" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build-server /app /app
# HOME: where compiled GPU kernels are kept; nothing but /tmp need be writable.
ENV ASPNETCORE_URLS=http://0.0.0.0:8080 HOME=/tmp
USER 1654:1654
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=5s --start-period=300s CMD ["/app/Llama.Server", "health"]
ENTRYPOINT ["/app/Llama.Server"]
