# The images of docker-compose.yaml: `docker build --target gateway .` and so on. Each holds one program, its
# packages of the lock file and nothing to build with, runs as the user 1000, and writes to mounted volumes only.

ARG NODE=24.21.0

FROM node:${NODE}-bookworm-slim AS base
WORKDIR /chartkey
ENV NODE_ENV=production

# What npm reads: the same for every image.
FROM base AS manifests
COPY package.json package-lock.json ./
COPY chaincode/vocabulary/package.json chaincode/vocabulary/
COPY chaincode/rules/package.json chaincode/rules/
COPY chaincode/package.json chaincode/
COPY gateway/package.json gateway/
COPY client/package.json client/
COPY network/package.json network/
COPY test/package.json test/

FROM manifests AS build
RUN npm ci --include=dev --ignore-scripts --no-audit --no-fund
COPY tsconfig.base.json tsconfig.json ./
COPY scripts scripts
COPY chaincode chaincode
COPY client client
COPY gateway gateway
COPY network network
RUN node scripts/build.cjs chaincode network

FROM manifests AS chaincode-packages
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund --workspace @chartkey/chaincode

FROM manifests AS gateway-packages
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund --workspace @chartkey/gateway

FROM manifests AS setup-packages
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund --workspace @chartkey/network

# The tools of Fabric's release: since 3.0 no image has them.
FROM base AS fabric
ARG FABRIC=3.1.5
ARG TARGETARCH
# SHA-256 of the archive, to be given by whoever wants it checked
ARG FABRIC_SHA256=
ADD https://github.com/hyperledger/fabric/releases/download/v${FABRIC}/hyperledger-fabric-linux-${TARGETARCH}-${FABRIC}.tar.gz /tmp/fabric.tar.gz
RUN if [ -n "$FABRIC_SHA256" ]; then echo "$FABRIC_SHA256  /tmp/fabric.tar.gz" | sha256sum --check; fi \
  && mkdir /opt/fabric && tar -xzf /tmp/fabric.tar.gz -C /opt/fabric bin builders

# Serves one member's chaincode to its peer, with mutual TLS; /consortium holds its keys and its package's id.
FROM base AS chaincode
COPY --from=chaincode-packages /chartkey ./
COPY --from=build /chartkey/chaincode/vocabulary/dist chaincode/vocabulary/dist
COPY --from=build /chartkey/chaincode/rules/dist chaincode/rules/dist
COPY --from=build /chartkey/chaincode/dist chaincode/dist
WORKDIR /chartkey/chaincode
ENV CORE_CHAINCODE_LOGGING_LEVEL=error
USER 1000:1000
EXPOSE 9999
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=12 \
  CMD ["node", "-e", "require('node:net').connect(9999, '127.0.0.1').on('connect', () => process.exit(0)).on('error', () => process.exit(1))"]
CMD ["sh", "-c", "exec node ../node_modules/fabric-shim/cli.js server --chaincode-address 0.0.0.0:9999 --chaincode-id \"$(cat /consortium/package-id)\" --chaincode-tls-cert-file /consortium/server.crt --chaincode-tls-key-file /consortium/server.key --chaincode-tls-client-cacert-file /consortium/ca.crt --grpc.http2.min_time_between_pings_ms 10000"]

# One member's gateway. Its settings: `docker run --rm chartkey-gateway:0.1.0 node gateway/dist/main.js --help`.
FROM base AS gateway
COPY --from=gateway-packages /chartkey ./
COPY --from=build /chartkey/chaincode/vocabulary/dist chaincode/vocabulary/dist
COPY --from=build /chartkey/chaincode/rules/dist chaincode/rules/dist
COPY --from=build /chartkey/gateway/dist gateway/dist
ENV HOST=0.0.0.0 PORT=8443 METRICS_HOST=0.0.0.0 METRICS_PORT=9464
USER 1000:1000
EXPOSE 8443 9464
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=12 \
  CMD ["node", "-e", "fetch('https://127.0.0.1:8443/health/ready').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "gateway/dist/main.js"]

# Makes keys, network and members, and tells the story: network/containers.
FROM base AS setup
COPY --from=fabric /opt/fabric /opt/fabric
COPY --from=setup-packages /chartkey ./
COPY --from=build /chartkey/chaincode/vocabulary/dist chaincode/vocabulary/dist
COPY --from=build /chartkey/chaincode/rules/dist chaincode/rules/dist
COPY --from=build /chartkey/chaincode/dist chaincode/dist
COPY --from=build /chartkey/client/dist client/dist
COPY --from=build /chartkey/gateway/dist gateway/dist
COPY --from=build /chartkey/network/dist network/dist
COPY network/demo/samples network/demo/samples
ENV PATH=/opt/fabric/bin:$PATH
USER 1000:1000
CMD ["node", "network/dist/containers/main.js", "--help"]
