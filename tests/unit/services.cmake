# SPDX-License-Identifier: EUPL-1.2
sluss_unit_test(core_ca_test SOURCES unit/core_ca_test.c LIBS sluss_ca OpenSSL::Crypto)
