// SPDX-License-Identifier: Apache-2.0

/// The roles of an account as templates of the tools that make them.
package enum PolicyTemplate {
    /// A CloudFormation template, in YAML with the policies as JSON, which YAML takes as it is.
    package static func cloudFormation(_ roles: [AccountRole], accountID: String) -> String {
        var text = """
            AWSTemplateFormatVersion: "2010-09-09"
            Description: Roles of Trailhound in account \(accountID)
            Resources:

            """
        for role in roles {
            text += """
                  \(logicalID(role.name)):
                    # \(role.purpose)
                    Type: AWS::IAM::Role
                    Properties:
                      RoleName: \(PolicyDocument.quoted(role.name))
                      AssumeRolePolicyDocument:
                        \(role.trust.json(indentation: 8))
                      Policies:

                """
            for policy in role.policies {
                text += """
                            - PolicyName: \(policy.name)
                              PolicyDocument:
                                \(policy.document.json(indentation: 12))

                    """
            }
        }
        text += "Outputs:\n"
        for role in roles {
            text += """
                  \(logicalID(role.name))Arn:
                    Value: !GetAtt \(logicalID(role.name)).Arn

                """
        }
        return text
    }

    /// Terraform's language, the policies as JSON in it.
    package static func terraform(_ roles: [AccountRole], accountID: String) -> String {
        var text = "# Roles of Trailhound in account \(accountID)\n"
        for role in roles {
            let name = identifier(role.name)
            text += """

                # \(role.purpose)
                resource "aws_iam_role" "\(name)" {
                  name               = "\(role.name)"
                  assume_role_policy = <<-POLICY
                    \(role.trust.json(indentation: 4))
                  POLICY
                }

                """
            for policy in role.policies {
                text += """

                    resource "aws_iam_role_policy" "\(name)_\(identifier(policy.name))" {
                      name   = "\(policy.name)"
                      role   = aws_iam_role.\(name).id
                      policy = <<-POLICY
                        \(policy.document.json(indentation: 4))
                      POLICY
                    }

                    """
            }
            text += """

                output "\(name)_arn" {
                  value = aws_iam_role.\(name).arn
                }

                """
        }
        return text
    }

    /// `Security-Audit@ops` as `SecurityAuditops`: CloudFormation's logical ids hold letters and digits alone.
    static func logicalID(_ name: String) -> String {
        name.filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
    }

    /// `TrailhoundRead` as `trailhound_read`, `Security-Audit@ops` as `security_audit_ops`: a name Terraform takes.
    static func identifier(_ name: String) -> String {
        var result = ""
        for character in name {
            guard character.isASCII, character.isLetter || character.isNumber else {
                if result.last != "_" { result += "_" }
                continue
            }
            if result.isEmpty ? character.isNumber : character.isUppercase && result.last != "_" { result += "_" }
            result += character.lowercased()
        }
        return result
    }

    /// The files of all forms, by name, for `account onboard --out`.
    package static func files(_ roles: [AccountRole], accountID: String) -> [(name: String, text: String)] {
        var files: [(name: String, text: String)] = []
        for role in roles {
            files.append(("\(role.name).trust.json", role.trust.json + "\n"))
            for policy in role.policies {
                files.append(("\(role.name).\(policy.name).json", policy.document.json + "\n"))
            }
        }
        files.append(("cloudformation.yaml", cloudFormation(roles, accountID: accountID)))
        files.append(("terraform.tf", terraform(roles, accountID: accountID)))
        return files
    }
}
