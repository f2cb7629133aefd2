// SPDX-License-Identifier: Apache-2.0

import Contract
import Messages
import RPC

/// An account service that knows one account and refuses to take another.
struct OneAccount: AccountServiceProvider {
    private let account = Account(accountID: "111122223333", name: "one")

    func onboardAccount(_ request: OnboardAccountRequest, _ context: CallContext) async throws -> OnboardAccountResponse
    {
        throw RPCError.invalidArgument("account_id", "twelve digits are wanted, not \(request.accountID)")
    }
    func listAccounts(_ request: ListAccountsRequest, _ context: CallContext) async throws -> ListAccountsResponse {
        ListAccountsResponse(accounts: [account])
    }
    func getAccount(_ request: GetAccountRequest, _ context: CallContext) async throws -> GetAccountResponse {
        GetAccountResponse(account: request.accountID == account.accountID ? account : nil)
    }
    func updateAccount(_ request: UpdateAccountRequest, _ context: CallContext) async throws -> UpdateAccountResponse {
        throw RPCError(.failedPrecondition, "not now")
    }
    func offboardAccount(
        _ request: OffboardAccountRequest, _ context: CallContext
    ) async throws -> OffboardAccountResponse {
        OffboardAccountResponse()
    }
    func verifyAccount(_ request: VerifyAccountRequest, _ context: CallContext) async throws -> VerifyAccountResponse {
        VerifyAccountResponse()
    }
}
