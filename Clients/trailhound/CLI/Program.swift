// SPDX-License-Identifier: Apache-2.0
package enum Program { package static func main() async {} }
