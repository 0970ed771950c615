# SPDX-License-Identifier: EUPL-1.2
# Fuzz targets of agents/.
sluss_fuzz_target(fuzz_agents_strict SOURCES fuzz/fuzz_agents_strict.c LIBS sluss_statement)
sluss_fuzz_target(fuzz_agents_open SOURCES fuzz/fuzz_agents_open.c LIBS sluss)
sluss_fuzz_target(fuzz_agents_id SOURCES fuzz/fuzz_agents_id.c LIBS sluss_base)
sluss_fuzz_target(fuzz_agents_connect_error SOURCES fuzz/fuzz_agents_connect_error.c LIBS sluss)
sluss_fuzz_target(fuzz_agents_witness SOURCES fuzz/fuzz_agents_witness.c LIBS sluss_witness sluss_log_verify PkgConfig::SODIUM)
if(SLUSS_FUZZ)
  target_include_directories(fuzz_agents_connect_error PRIVATE ${CMAKE_SOURCE_DIR}/agents/lib)
endif()
sluss_fuzz_target(fuzz_agents_csv SOURCES fuzz/fuzz_agents_csv.c LIBS sluss_adapters)
