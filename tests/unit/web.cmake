# SPDX-License-Identifier: EUPL-1.2
# Unit tests of gateway/web and gateway/ipc.
sluss_unit_test(web_rpc_test SOURCES unit/web_rpc_test.c unit/web_harness.c LIBS sluss_web Threads::Threads)
sluss_unit_test(web_limits_test SOURCES unit/web_limits_test.c unit/web_harness.c LIBS sluss_web Threads::Threads)
sluss_unit_test(web_drop_test SOURCES unit/web_drop_test.c unit/web_harness.c LIBS sluss_web Threads::Threads)
sluss_unit_test(web_json_test SOURCES unit/web_json_test.c LIBS sluss_json sluss_ipc)
sluss_unit_test(web_check_test SOURCES unit/web_check_test.c LIBS sluss_web)
sluss_unit_test(ipc_test SOURCES unit/ipc_test.c LIBS sluss_ipc Threads::Threads)
sluss_unit_test(web_chaos_test SOURCES unit/web_chaos_test.c unit/web_harness.c LIBS sluss_web Threads::Threads)
sluss_unit_test(web_slow_test SOURCES unit/web_slow_test.c unit/web_harness.c LIBS sluss_web Threads::Threads)
sluss_unit_test(web_files_test SOURCES unit/web_files_test.c unit/web_harness.c LIBS sluss_web Threads::Threads)
sluss_unit_test(web_pages_test SOURCES unit/web_pages_test.c unit/web_harness.c LIBS sluss_web Threads::Threads)
