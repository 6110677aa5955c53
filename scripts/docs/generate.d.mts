export function generatedPages(options: object): Map<string, string>
