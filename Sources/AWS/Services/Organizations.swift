// SPDX-License-Identifier: Apache-2.0

/// The calls to AWS Organizations, which only the management account and its delegated administrators may make.
package struct Organizations: Sendable {
    private let client: AWSClient

    /// Calls with `client`, at the endpoint of its region's partition.
    package init(_ client: AWSClient) { self.client = client }

    /// A member account.
    package struct Account: Sendable, Hashable, Decodable {
        /// Twelve digits.
        package let id: String
        package let name: String
        package let email: String
        /// ACTIVE, SUSPENDED, PENDING_CLOSURE or, in the newer field, also CLOSED and PENDING_ACTIVATION.
        package let state: String

        /// Whether it can be worked with.
        package var isActive: Bool { state == "ACTIVE" }

        private enum CodingKeys: String, CodingKey {
            case id = "Id"
            case name = "Name"
            case email = "Email"
            case state = "State"
            case status = "Status"
        }

        package init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: CodingKeys.self)
            id = try fields.decode(String.self, forKey: .id)
            name = try fields.decodeIfPresent(String.self, forKey: .name) ?? ""
            email = try fields.decodeIfPresent(String.self, forKey: .email) ?? ""
            // Status is to go in favour of State.
            let state = try fields.decodeIfPresent(String.self, forKey: .state)
            self.state = try state ?? fields.decodeIfPresent(String.self, forKey: .status) ?? ""
        }
    }

    /// All accounts of the organisation, whatever their state.
    package func listAccounts() async throws -> [Account] {
        struct Input: Encodable {
            let NextToken: String?
        }
        struct Output: Decodable {
            let Accounts: [Account]?
            let NextToken: String?
        }
        return try await Paging.all("organizations:ListAccounts") { token in
            let output = try await client.json(
                .organizations, "ListAccounts", target: "AWSOrganizationsV20161128.ListAccounts", version: "1.1",
                Input(NextToken: token), as: Output.self)
            return (output.Accounts ?? [], output.NextToken)
        }
    }
}
