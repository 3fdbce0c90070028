# StemSteer in a container. In a checkout:
#   docker build --tag stemsteer .
#   docker run --rm --volume "$PWD:/work" --user "$(id -u):$(id -g)" stemsteer separate song.mp3
# With an NVIDIA GPU: docker run --gpus all ... Without one, a PyTorch for CPUs makes the image smaller by 3 GB:
#   docker build --build-arg PIP_EXTRA_INDEX_URL=<the index of PyTorch's builds for CPUs> --tag stemsteer .

FROM python:3.11-slim AS build
# pip reads it.
ARG PIP_EXTRA_INDEX_URL
WORKDIR /build
COPY . .
# musicnn is taken for its weights: what it requires must not be installed.
RUN python -m venv /opt/stemsteer \
    && /opt/stemsteer/bin/pip install --no-cache-dir --constraint constraints.txt . \
    && /opt/stemsteer/bin/pip install --no-cache-dir --no-deps musicnn==0.1.0
# A user of the image may not write to it: what is made at the first use is made now.
RUN /opt/stemsteer/bin/python -c 'from stemsteer.sound.ffmpeg import put_on_path; put_on_path()'

FROM python:3.11-slim
COPY --from=build /opt/stemsteer /opt/stemsteer
ENV PATH=/opt/stemsteer/bin:/opt/stemsteer/share/stemsteer/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/home/stemsteer \
    USER=stemsteer
# Whoever runs the image, by `--user`, has a name, caches in this home and results in the folder that is mounted.
RUN useradd --create-home stemsteer && chmod 777 /home/stemsteer && install --directory --owner stemsteer /work
USER stemsteer
WORKDIR /work
RUN stemsteer doctor
ENTRYPOINT ["stemsteer"]
CMD ["--help"]
