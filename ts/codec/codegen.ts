/** Whether this environment lets a string become code; flags and policies forbid it. */
export function codegenAllowed(): boolean {
  try {
    return new Function('return true')() === true
  } catch {
    return false
  }
}
