export function limitsPage(page: string, options: object, source: string): string
