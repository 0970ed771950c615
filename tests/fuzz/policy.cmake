# SPDX-License-Identifier: EUPL-1.2
# Fuzz targets of policy/.
