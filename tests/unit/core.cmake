# SPDX-License-Identifier: EUPL-1.2
if(SLUSS_TESTS)
  add_library(core_world STATIC ${CMAKE_CURRENT_LIST_DIR}/core_world.c ${CMAKE_CURRENT_LIST_DIR}/core_requests.c
    ${CMAKE_CURRENT_LIST_DIR}/core_small_world.c)
  target_link_libraries(core_world PUBLIC sluss_flags sluss_core sluss_store_fakes sluss PkgConfig::CMOCKA PkgConfig::SODIUM)
  target_include_directories(core_world PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/unit)
  target_compile_options(core_world PRIVATE -Wno-cast-qual)
endif()
sluss_unit_test(core_exchange_test SOURCES unit/core_exchange_test.c LIBS core_world)
sluss_unit_test(core_withdraw_test SOURCES unit/core_withdraw_test.c LIBS core_world)
sluss_unit_test(core_stop_test SOURCES unit/core_stop_test.c LIBS core_world)
sluss_unit_test(core_tables_test SOURCES unit/core_tables_test.c LIBS sluss_core PkgConfig::SODIUM)
sluss_unit_test(core_recovery_test SOURCES unit/core_recovery_test.c LIBS core_world)
sluss_unit_test(core_files_test SOURCES unit/core_files_test.c LIBS sluss_core sluss_store_fakes PkgConfig::SODIUM)
