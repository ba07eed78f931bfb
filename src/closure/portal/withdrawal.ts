/** Whether somebody came by the button that withdraws from a contract: then the last button says so, as the law wants it. */
const store = 'violet.draft.withdrawal:'

export function markWithdrawal(caseId: string): void {
  sessionStorage.setItem(store + caseId, 'yes')
}

export function isWithdrawal(caseId: string): boolean {
  return sessionStorage.getItem(store + caseId) !== null
}
