# SPDX-License-Identifier: EUPL-1.2
# What others outside sign over the log. The keeper of cosignatures: state and rules, no I/O.
add_library(sluss_keeper STATIC keeper.c keeper_answer.c)
target_include_directories(sluss_keeper PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(sluss_keeper PUBLIC sluss_log_verify PRIVATE sluss_flags sluss_event PkgConfig::SODIUM)

# RFC 3161, with OpenSSL.
add_library(sluss_timestamp STATIC timestamp.c)
target_include_directories(sluss_timestamp PUBLIC ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/include)
target_link_libraries(sluss_timestamp PRIVATE sluss_flags OpenSSL::Crypto)
