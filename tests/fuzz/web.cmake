# SPDX-License-Identifier: EUPL-1.2
# Fuzz targets of gateway/web and gateway/ipc.
sluss_fuzz_target(fuzz_web_json SOURCES fuzz/fuzz_web_json.c LIBS sluss_json sluss_ipc)
sluss_fuzz_target(fuzz_web_proto SOURCES fuzz/fuzz_web_proto.c LIBS sluss_json sluss_ipc)
sluss_fuzz_target(fuzz_web_gzip SOURCES fuzz/fuzz_web_gzip.c LIBS sluss_web)
sluss_fuzz_target(fuzz_web_headers SOURCES fuzz/fuzz_web_headers.c LIBS sluss_web)
sluss_fuzz_target(fuzz_ipc_frame SOURCES fuzz/fuzz_ipc_frame.c LIBS sluss_ipc)
sluss_fuzz_target(fuzz_web_http SOURCES fuzz/fuzz_web_http.c LIBS sluss_web Threads::Threads)
