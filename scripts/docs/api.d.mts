export function apiPages(read: (path: string) => string): Map<string, string>
