# SPDX-License-Identifier: EUPL-1.2
add_library(sluss_store STATIC store_common.c store_open.c store_sqlite.c store_sqlite_log.c store_sqlite_rows.c
  store_sqlite_care.c store_sqlite_copy.c store_sqlite_shred.c)
target_include_directories(sluss_store PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(sluss_store PUBLIC sluss_flags PRIVATE PkgConfig::SQLITE PkgConfig::SODIUM Threads::Threads)

# For tests: a store in memory, and one that fails on command.
add_library(sluss_store_fakes STATIC store_memory.c store_memory_rows.c store_map.c store_fault.c)
target_include_directories(sluss_store_fakes PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(sluss_store_fakes PUBLIC sluss_flags sluss_store PRIVATE PkgConfig::SODIUM Threads::Threads)
