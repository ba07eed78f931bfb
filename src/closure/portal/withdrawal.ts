/** Whether somebody came by the button that withdraws from a contract: then the last button says so, as the law wants it. */
const store = 'violet.draft.withdrawal:'

export function markWithdrawal(caseId: string, isOne: boolean): void {
  if (isOne) sessionStorage.setItem(store + caseId, 'yes')
  else sessionStorage.removeItem(store + caseId)
}

export function isWithdrawal(caseId: string): boolean {
  return sessionStorage.getItem(store + caseId) !== null
}
