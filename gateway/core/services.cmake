# SPDX-License-Identifier: EUPL-1.2
# What core's services stand on: certificates for agencies, the register of persons.
add_library(sluss_ca STATIC ca.c)
target_link_libraries(sluss_ca PUBLIC sluss_flags PRIVATE OpenSSL::Crypto)
target_include_directories(sluss_ca PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
