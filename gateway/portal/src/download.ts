// SPDX-License-Identifier: EUPL-1.2
// Files that the page makes itself.

export function save(name: string, type: string, content: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

// One field (RFC 4180). A table program would run what begins like a formula.
function field(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

// Lines of a table, with the mark by which table programs know UTF-8.
export function csvText(rows: string[][]): string {
  return `\ufeff${rows.map((r) => r.map(field).join(",")).join("\r\n")}\r\n`;
}

export function saveCsv(name: string, rows: string[][]): void {
  save(name, "text/csv;charset=utf-8", csvText(rows));
}
