// SPDX-License-Identifier: Apache-2.0

import CloudTrail
import Testing

@Suite struct IdentityTests {
    @Test(arguments: [
        (#"{"type":"IAMUser","arn":"arn:aws:iam::1:user/eve","userName":"eve"}"#, "arn:aws:iam::1:user/eve"),
        (#"{"type":"IAMUser","accountId":"1","userName":"eve","accessKeyId":""}"#, "arn:aws:iam::1:user/eve"),
        (#"{"type":"IAMUser","principalId":"AIDAEXAMPLE"}"#, "AIDAEXAMPLE"),
        (#"{"type":"Root","arn":"arn:aws:iam::1:root","principalId":"1"}"#, "arn:aws:iam::1:root"),
        (#"{"type":"Root","accountId":"1"}"#, "arn:aws:iam::1:root"),
        (
            #"{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/R/s","sessionContext":{"sessionIssuer":"#
                + #"{"type":"Role","arn":"arn:aws:iam::1:role/p/R"}}}"#, "arn:aws:iam::1:role/p/R"
        ),
        (
            #"{"type":"AssumedRole","arn":"arn:aws-us-gov:sts::1:assumed-role/R/s","sessionContext":"#
                + #"{"sessionIssuer":{}}}"#, "arn:aws-us-gov:iam::1:role/R"
        ),
        (#"{"type":"AssumedRole","principalId":"AROAEXAMPLE:s"}"#, "AROAEXAMPLE"),
        (#"{"type":"AssumedRole","arn":"arn:odd"}"#, "arn:odd"),
        (
            #"{"type":"FederatedUser","arn":"arn:aws:sts::1:federated-user/f","sessionContext":{"sessionIssuer":"#
                + #"{"type":"IAMUser","arn":"arn:aws:iam::1:user/eve"}}}"#, "arn:aws:iam::1:user/eve"
        ),
        (#"{"type":"FederatedUser","arn":"arn:aws:sts::1:federated-user/f"}"#, "arn:aws:sts::1:federated-user/f"),
        (#"{"type":"AWSService","invokedBy":"rds.amazonaws.com"}"#, "rds.amazonaws.com"),
        (#"{"accountId":"1","invokedBy":"ec2.amazonaws.com"}"#, "ec2.amazonaws.com"),
        (#"{"type":"AWSAccount","principalId":"AROAEXAMPLE:s","accountId":"2"}"#, "AROAEXAMPLE"),
        (#"{"type":"AWSAccount","principalId":"AIDAEXAMPLE","accountId":"2"}"#, "AIDAEXAMPLE"),
        (#"{"type":"AWSAccount","accountId":"2"}"#, "2"),
        (
            #"{"type":"WebIdentityUser","principalId":"accounts.google.com:a:u","userName":"u","#
                + #""identityProvider":"accounts.google.com"}"#, "accounts.google.com/u"
        ),
        (#"{"type":"SAMLUser","principalId":"hash:eve@corp","userName":"eve@corp"}"#, "eve@corp"),
        (#"{"type":"SAMLUser","principalId":"hash:eve@corp"}"#, "hash:eve@corp"),
        (
            #"{"type":"IdentityCenterUser","accountId":"1","onBehalfOf":{"userId":"u-1","#
                + #""identityStoreArn":"arn:aws:identitystore::1:identitystore/d-1"}}"#,
            "arn:aws:identitystore:::user/u-1"
        ),
        (#"{"type":"Unknown","principalId":"someone","userName":"Some One"}"#, "someone"),
        (#"{"type":"Directory","userName":"corp\\eve"}"#, #"corp\eve"#),
        (#"{"type":7,"arn":[]}"#, "unknown"), (#""a string""#, "unknown"), (#"null"#, "unknown"),
    ])
    func principals(identity: String, principal: String) throws {
        #expect(try summary(record(#""userIdentity":\#(identity)"#)).actor.principal == principal)
    }

    /// Every principal that a record has is among its tokens, or a look-up for it would not find the record.
    @Test(arguments: [
        #"{"type":"IAMUser","accountId":"1","userName":"eve"}"#, #"{"type":"Root","accountId":"1"}"#,
        #"{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/R/s"}"#,
        #"{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/R/s","sessionContext":{"sessionIssuer":{"arn":"x"}}}"#,
        #"{"type":"AssumedRole","principalId":"AROAEXAMPLE:s"}"#, #"{"type":"AWSAccount","principalId":"AROA1:s"}"#,
        #"{"type":"WebIdentityUser","userName":"u","identityProvider":"p"}"#, #"{"invokedBy":"ec2.amazonaws.com"}"#,
        #"{"type":"IdentityCenterUser","onBehalfOf":{"userId":"u-1"}}"#, #"{"type":"Unknown","accountId":"2"}"#,
        #"{"arn":"arn:aws:sts::1:assumed-role/R/s"}"#, #"{"accountId":"3"}"#, #"{"type":"IAMUser","invokedBy":"s"}"#,
    ])
    func theTokensHoldThePrincipal(identity: String) throws {
        let json = record(#""userIdentity":\#(identity)"#)
        let principal = try summary(json).actor.principal
        #expect(try tokens([json]).first?.contains(LookupToken(principal)) == true)
    }
}
