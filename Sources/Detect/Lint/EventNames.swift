// SPDX-License-Identifier: Apache-2.0
// Written by Tools/event-names from botocore 1.44.5 (Apache-2.0) and from AWS's guides. Don't edit.
// swift-format-ignore-file

/// Which event names CloudTrail has for an event source, for the sources that the catalog covers.
enum EventNames {
    /// Names with blanks between them, by the event source without `.amazonaws.com`. Lambda's are without the API
    /// version that its older ones end in.
    static let bySource: [String: String] = [
        "account": """
            AcceptPrimaryEmailUpdate DeleteAlternateContact DisableRegion EnableRegion GetAccountInformation \
            GetAlternateContact GetContactInformation GetGovCloudAccountInformation GetPrimaryEmail \
            GetPrimaryEmailUpdateStatus GetRegionOptStatus ListRegions PutAccountName PutAlternateContact \
            PutContactInformation SendPhoneNumberVerification StartPrimaryEmailUpdate VerifyPhoneNumber
            """,
        "apigateway": """
            CreateApi CreateApiKey CreateApiMapping CreateAuthorizer CreateBasePathMapping CreateDeployment \
            CreateDocumentationPart CreateDocumentationVersion CreateDomainName CreateDomainNameAccessAssociation \
            CreateIntegration CreateIntegrationResponse CreateModel CreatePortal CreatePortalProduct \
            CreateProductPage CreateProductRestEndpointPage CreateRequestValidator CreateResource CreateRestApi \
            CreateRoute CreateRouteResponse CreateRoutingRule CreateStage CreateUsagePlan CreateUsagePlanKey \
            CreateVpcLink DeleteAccessLogSettings DeleteApi DeleteApiKey DeleteApiMapping DeleteAuthorizer \
            DeleteBasePathMapping DeleteClientCertificate DeleteCorsConfiguration DeleteDeployment \
            DeleteDocumentationPart DeleteDocumentationVersion DeleteDomainName DeleteDomainNameAccessAssociation \
            DeleteGatewayResponse DeleteIntegration DeleteIntegrationResponse DeleteMethod DeleteMethodResponse \
            DeleteModel DeletePortal DeletePortalProduct DeletePortalProductSharingPolicy DeleteProductPage \
            DeleteProductRestEndpointPage DeleteRequestValidator DeleteResource DeleteRestApi DeleteRoute \
            DeleteRouteRequestParameter DeleteRouteResponse DeleteRouteSettings DeleteRoutingRule DeleteStage \
            DeleteUsagePlan DeleteUsagePlanKey DeleteVpcLink DisablePortal ExportApi FlushStageAuthorizersCache \
            FlushStageCache GenerateClientCertificate GetAccount GetApi GetApiKey GetApiKeys GetApiMapping \
            GetApiMappings GetApis GetAuthorizer GetAuthorizers GetBasePathMapping GetBasePathMappings \
            GetClientCertificate GetClientCertificates GetDeployment GetDeployments GetDocumentationPart \
            GetDocumentationParts GetDocumentationVersion GetDocumentationVersions GetDomainName \
            GetDomainNameAccessAssociations GetDomainNames GetExport GetGatewayResponse GetGatewayResponses \
            GetIntegration GetIntegrationResponse GetIntegrationResponses GetIntegrations GetMethod \
            GetMethodResponse GetModel GetModelTemplate GetModels GetPortal GetPortalProduct \
            GetPortalProductSharingPolicy GetProductPage GetProductRestEndpointPage GetRequestValidator \
            GetRequestValidators GetResource GetResources GetRestApi GetRestApis GetRoute GetRouteResponse \
            GetRouteResponses GetRoutes GetRoutingRule GetSdk GetSdkType GetSdkTypes GetStage GetStages GetTags \
            GetUsage GetUsagePlan GetUsagePlanKey GetUsagePlanKeys GetUsagePlans GetVpcLink GetVpcLinks ImportApi \
            ImportApiKeys ImportDocumentationParts ImportRestApi ListPortalProducts ListPortals ListProductPages \
            ListProductRestEndpointPages ListRoutingRules PreviewPortal PublishPortal PutGatewayResponse \
            PutIntegration PutIntegrationResponse PutMethod PutMethodResponse PutPortalProductSharingPolicy \
            PutRestApi PutRoutingRule ReimportApi RejectDomainNameAccessAssociation ResetAuthorizersCache \
            TagResource TestInvokeAuthorizer TestInvokeMethod UntagResource UpdateAccount UpdateApi UpdateApiKey \
            UpdateApiMapping UpdateAuthorizer UpdateBasePathMapping UpdateClientCertificate UpdateDeployment \
            UpdateDocumentationPart UpdateDocumentationVersion UpdateDomainName UpdateGatewayResponse \
            UpdateIntegration UpdateIntegrationResponse UpdateMethod UpdateMethodResponse UpdateModel UpdatePortal \
            UpdatePortalProduct UpdateProductPage UpdateProductRestEndpointPage UpdateRequestValidator \
            UpdateResource UpdateRestApi UpdateRoute UpdateRouteResponse UpdateStage UpdateUsage UpdateUsagePlan \
            UpdateVpcLink
            """,
        "autoscaling": """
            AttachInstances AttachLoadBalancerTargetGroups AttachLoadBalancers AttachTrafficSources \
            BatchDeleteScheduledAction BatchPutScheduledUpdateGroupAction CancelInstanceRefresh \
            CompleteLifecycleAction CreateAutoScalingGroup CreateLaunchConfiguration CreateOrUpdateTags \
            DeleteAutoScalingGroup DeleteLaunchConfiguration DeleteLifecycleHook DeleteNotificationConfiguration \
            DeletePolicy DeleteScheduledAction DeleteTags DeleteWarmPool DescribeAccountLimits \
            DescribeAccountSettings DescribeAdjustmentTypes DescribeAutoScalingGroups DescribeAutoScalingInstances \
            DescribeAutoScalingNotificationTypes DescribeInstanceRefreshes DescribeLaunchConfigurations \
            DescribeLifecycleHookTypes DescribeLifecycleHooks DescribeLoadBalancerTargetGroups DescribeLoadBalancers \
            DescribeMetricCollectionTypes DescribeNotificationConfigurations DescribePolicies \
            DescribeScalingActivities DescribeScalingProcessTypes DescribeScheduledActions DescribeTags \
            DescribeTerminationPolicyTypes DescribeTrafficSources DescribeWarmPool DetachInstances \
            DetachLoadBalancerTargetGroups DetachLoadBalancers DetachTrafficSources DisableMetricsCollection \
            EnableMetricsCollection EnterStandby ExecutePolicy ExitStandby GetPredictiveScalingForecast \
            LaunchInstances PutAccountSetting PutLifecycleHook PutNotificationConfiguration PutScalingPolicy \
            PutScheduledUpdateGroupAction PutWarmPool RecordLifecycleActionHeartbeat ResumeProcesses \
            RollbackInstanceRefresh SetDesiredCapacity SetInstanceHealth SetInstanceProtection StartInstanceRefresh \
            SuspendProcesses TerminateInstanceInAutoScalingGroup UpdateAutoScalingGroup
            """,
        "backup": """
            AssociateBackupVaultMpaApprovalTeam CancelLegalHold CreateBackupAccessPoint CreateBackupPlan \
            CreateBackupSelection CreateBackupVault CreateFramework CreateLegalHold \
            CreateLogicallyAirGappedBackupVault CreateReportPlan CreateRestoreAccessBackupVault \
            CreateRestoreTestingPlan CreateRestoreTestingSelection CreateTieringConfiguration \
            DeleteBackupAccessPoint DeleteBackupPlan DeleteBackupSelection DeleteBackupVault \
            DeleteBackupVaultAccessPolicy DeleteBackupVaultLockConfiguration DeleteBackupVaultNotifications \
            DeleteFramework DeleteRecoveryPoint DeleteReportPlan DeleteRestoreTestingPlan \
            DeleteRestoreTestingSelection DeleteTieringConfiguration DescribeBackupAccessPoint DescribeBackupJob \
            DescribeBackupVault DescribeCopyJob DescribeFramework DescribeGlobalSettings DescribeProtectedResource \
            DescribeRecoveryPoint DescribeRegionSettings DescribeReportJob DescribeReportPlan DescribeRestoreJob \
            DescribeScanJob DisassociateBackupVaultMpaApprovalTeam DisassociateRecoveryPoint \
            DisassociateRecoveryPointFromParent ExportBackupPlanTemplate GetBackupPlan GetBackupPlanFromJSON \
            GetBackupPlanFromTemplate GetBackupSelection GetBackupVaultAccessPolicy GetBackupVaultNotifications \
            GetLegalHold GetPITRMalwareScanResults GetRecoveryPointIndexDetails GetRecoveryPointRestoreMetadata \
            GetRestoreJobMetadata GetRestoreTestingInferredMetadata GetRestoreTestingPlan GetRestoreTestingSelection \
            GetSupportedResourceTypes GetTieringConfiguration ListBackupAccessPoints \
            ListBackupAccessPointsByRecoveryPoint ListBackupAccessPointsByResource ListBackupJobSummaries \
            ListBackupJobs ListBackupPlanTemplates ListBackupPlanVersions ListBackupPlans ListBackupSelections \
            ListBackupVaults ListCopyJobSummaries ListCopyJobs ListFrameworks ListIndexedRecoveryPoints \
            ListLegalHolds ListProtectedResources ListProtectedResourcesByBackupVault \
            ListRecoveryPointsByBackupVault ListRecoveryPointsByLegalHold ListRecoveryPointsByResource \
            ListReportJobs ListReportPlans ListRestoreAccessBackupVaults ListRestoreJobSummaries ListRestoreJobs \
            ListRestoreJobsByProtectedResource ListRestoreTestingPlans ListRestoreTestingSelections \
            ListScanJobSummaries ListScanJobs ListTags ListTieringConfigurations PutBackupVaultAccessPolicy \
            PutBackupVaultLockConfiguration PutBackupVaultNotifications PutRestoreValidationResult \
            RevokeRestoreAccessBackupVault StartBackupJob StartCopyJob StartReportJob StartRestoreJob StartScanJob \
            StopBackupJob TagResource UntagResource UpdateBackupPlan UpdateFramework UpdateGlobalSettings \
            UpdateRecoveryPointIndexSettings UpdateRecoveryPointLifecycle UpdateRegionSettings UpdateReportPlan \
            UpdateRestoreTestingPlan UpdateRestoreTestingSelection UpdateTieringConfiguration
            """,
        "bedrock": """
            AgenticRetrieveStream ApplyGuardrail AssociateAgentCollaborator AssociateAgentKnowledgeBase \
            BatchDeleteAdvancedPromptOptimizationJob BatchDeleteEvaluationJob \
            CancelAutomatedReasoningPolicyBuildWorkflow CheckIngestedDocumentAcl Converse ConverseStream CountTokens \
            CreateAdvancedPromptOptimizationJob CreateAgent CreateAgentActionGroup CreateAgentAlias \
            CreateAutomatedReasoningPolicy CreateAutomatedReasoningPolicyTestCase \
            CreateAutomatedReasoningPolicyVersion CreateCustomModel CreateCustomModelDeployment CreateDataSource \
            CreateEvaluationJob CreateFlow CreateFlowAlias CreateFlowVersion CreateFoundationModelAgreement \
            CreateGuardrail CreateGuardrailVersion CreateInferenceProfile CreateInvocation CreateKnowledgeBase \
            CreateMarketplaceModelEndpoint CreateModelCopyJob CreateModelCustomizationJob CreateModelImportJob \
            CreateModelInvocationJob CreatePrompt CreatePromptRouter CreatePromptVersion \
            CreateProvisionedModelThroughput CreateRetrievalInstruction CreateRetrievalInstructionVersion \
            CreateSession CreateVpcConfiguration DeleteAgent DeleteAgentActionGroup DeleteAgentAlias \
            DeleteAgentMemory DeleteAgentVersion DeleteAutomatedReasoningPolicy \
            DeleteAutomatedReasoningPolicyBuildWorkflow DeleteAutomatedReasoningPolicyTestCase DeleteCustomModel \
            DeleteCustomModelDeployment DeleteDataSource DeleteEnforcedGuardrailConfiguration DeleteFlow \
            DeleteFlowAlias DeleteFlowVersion DeleteFoundationModelAgreement DeleteGuardrail DeleteImportedModel \
            DeleteInferenceProfile DeleteKnowledgeBase DeleteKnowledgeBaseDocuments DeleteMarketplaceModelEndpoint \
            DeleteModelInvocationLoggingConfiguration DeletePrompt DeletePromptRouter \
            DeleteProvisionedModelThroughput DeleteResourcePolicy DeleteRetrievalInstruction DeleteSession \
            DeleteVpcConfiguration DeregisterMarketplaceModelEndpoint DisassociateAgentCollaborator \
            DisassociateAgentKnowledgeBase EndSession ExportAutomatedReasoningPolicyVersion GenerateQuery \
            GetAccountDataRetention GetAdvancedPromptOptimizationJob GetAgent GetAgentActionGroup GetAgentAlias \
            GetAgentCollaborator GetAgentKnowledgeBase GetAgentMemory GetAgentVersion GetAsyncInvoke \
            GetAutomatedReasoningPolicy GetAutomatedReasoningPolicyAnnotations \
            GetAutomatedReasoningPolicyBuildWorkflow GetAutomatedReasoningPolicyBuildWorkflowResultAssets \
            GetAutomatedReasoningPolicyNextScenario GetAutomatedReasoningPolicyTestCase \
            GetAutomatedReasoningPolicyTestResult GetCustomModel GetCustomModelDeployment GetDataSource \
            GetDocumentContent GetEvaluationJob GetExecutionFlowSnapshot GetFlow GetFlowAlias GetFlowExecution \
            GetFlowVersion GetFoundationModel GetFoundationModelAvailability GetGuardrail GetImportedModel \
            GetInferenceProfile GetIngestedDocumentAcl GetIngestionJob GetInvocationStep GetKnowledgeBase \
            GetKnowledgeBaseDocuments GetMarketplaceModelEndpoint GetModelCopyJob GetModelCustomizationJob \
            GetModelImportJob GetModelInvocationJob GetModelInvocationLoggingConfiguration GetPrompt GetPromptRouter \
            GetProvisionedModelThroughput GetResourcePolicy GetRetrievalInstruction GetSession \
            GetUseCaseForModelAccess GetVpcConfiguration IngestKnowledgeBaseDocuments InvokeAgent InvokeFlow \
            InvokeGuardrailChecks InvokeInlineAgent InvokeModel InvokeModelWithBidirectionalStream \
            InvokeModelWithResponseStream ListAdvancedPromptOptimizationJobs ListAgentActionGroups ListAgentAliases \
            ListAgentCollaborators ListAgentKnowledgeBases ListAgentVersions ListAgents ListAsyncInvokes \
            ListAutomatedReasoningPolicies ListAutomatedReasoningPolicyBuildWorkflows \
            ListAutomatedReasoningPolicyTestCases ListAutomatedReasoningPolicyTestResults ListCustomModelDeployments \
            ListCustomModels ListDataSources ListEnforcedGuardrailsConfiguration ListEvaluationJobs ListFlowAliases \
            ListFlowExecutionEvents ListFlowExecutions ListFlowVersions ListFlows ListFoundationModelAgreementOffers \
            ListFoundationModels ListGuardrails ListImportedModels ListInferenceProfiles ListIngestionJobs \
            ListInvocationSteps ListInvocations ListKnowledgeBaseDocuments ListKnowledgeBases \
            ListMarketplaceModelEndpoints ListModelCopyJobs ListModelCustomizationJobs ListModelImportJobs \
            ListModelInvocationJobs ListPromptRouters ListPrompts ListProvisionedModelThroughputs \
            ListRetrievalInstructionVersions ListRetrievalInstructions ListSessions ListTagsForResource \
            ListVpcConfigurations OptimizePrompt PrepareAgent PrepareFlow PutAccountDataRetention \
            PutEnforcedGuardrailConfiguration PutFoundationModelEntitlement PutInvocationStep \
            PutModelInvocationLoggingConfiguration PutResourcePolicy PutUseCaseForModelAccess \
            RegisterMarketplaceModelEndpoint Rerank Retrieve RetrieveAndGenerate RetrieveAndGenerateStream \
            StartAsyncInvoke StartAutomatedReasoningPolicyBuildWorkflow StartAutomatedReasoningPolicyTestWorkflow \
            StartFlowExecution StartIngestionJob StopAdvancedPromptOptimizationJob StopEvaluationJob \
            StopFlowExecution StopIngestionJob StopModelCustomizationJob StopModelInvocationJob TagResource \
            UntagResource UpdateAgent UpdateAgentActionGroup UpdateAgentAlias UpdateAgentCollaborator \
            UpdateAgentKnowledgeBase UpdateAutomatedReasoningPolicy UpdateAutomatedReasoningPolicyAnnotations \
            UpdateAutomatedReasoningPolicyTestCase UpdateCustomModelDeployment UpdateDataSource UpdateFlow \
            UpdateFlowAlias UpdateGuardrail UpdateKnowledgeBase UpdateMarketplaceModelEndpoint UpdatePrompt \
            UpdateProvisionedModelThroughput UpdateRetrievalInstruction UpdateSession ValidateFlowDefinition
            """,
        "cloudformation": """
            ActivateOrganizationsAccess ActivateType BatchDescribeTypeConfigurations CancelUpdateStack \
            ContinueUpdateRollback CreateChangeSet CreateGeneratedTemplate CreateStack CreateStackInstances \
            CreateStackRefactor CreateStackSet DeactivateOrganizationsAccess DeactivateType DeleteChangeSet \
            DeleteGeneratedTemplate DeleteStack DeleteStackInstances DeleteStackSet DeregisterType \
            DescribeAccountLimits DescribeChangeSet DescribeChangeSetHooks DescribeEvents DescribeGeneratedTemplate \
            DescribeOrganizationsAccess DescribePublisher DescribeResourceScan DescribeStackDriftDetectionStatus \
            DescribeStackEvents DescribeStackInstance DescribeStackRefactor DescribeStackResource \
            DescribeStackResourceDrifts DescribeStackResources DescribeStackSet DescribeStackSetOperation \
            DescribeStacks DescribeType DescribeTypeRegistration DetectStackDrift DetectStackResourceDrift \
            DetectStackSetDrift EstimateTemplateCost ExecuteChangeSet ExecuteStackRefactor GetGeneratedTemplate \
            GetHookResult GetStackPolicy GetTemplate GetTemplateSummary ImportStacksToStackSet ListChangeSets \
            ListExports ListGeneratedTemplates ListHookResults ListImports ListResourceScanRelatedResources \
            ListResourceScanResources ListResourceScans ListStackInstanceResourceDrifts ListStackInstances \
            ListStackRefactorActions ListStackRefactors ListStackResources ListStackSetAutoDeploymentTargets \
            ListStackSetOperationResults ListStackSetOperations ListStackSets ListStacks ListTypeRegistrations \
            ListTypeVersions ListTypes PublishType RecordHandlerProgress RegisterPublisher RegisterType RemoveAlias \
            RollbackStack SetAlias SetStackPolicy SetTypeConfiguration SetTypeDefaultVersion SignalResource \
            StartResourceScan StopStackSetOperation TestType UpdateGeneratedTemplate UpdateStack \
            UpdateStackInstances UpdateStackSet UpdateTerminationProtection ValidateTemplate
            """,
        "cloudtrail": """
            AddTags CancelQuery CreateChannel CreateDashboard CreateEventDataStore CreateTrail DeleteChannel \
            DeleteDashboard DeleteEventDataStore DeleteResourcePolicy DeleteTrail \
            DeregisterOrganizationDelegatedAdmin DescribeQuery DescribeTrails DisableFederation EnableFederation \
            GenerateQuery GetChannel GetDashboard GetEventConfiguration GetEventDataStore GetEventSelectors \
            GetImport GetInsightSelectors GetQueryResults GetResourcePolicy GetTrail GetTrailStatus ListChannels \
            ListDashboards ListEventDataStores ListImportFailures ListImports ListInsightsData \
            ListInsightsMetricData ListPublicKeys ListQueries ListTags ListTrails LookupEvents PutEventConfiguration \
            PutEventSelectors PutInsightSelectors PutResourcePolicy RegisterOrganizationDelegatedAdmin RemoveTags \
            RestoreEventDataStore SearchSampleQueries StartDashboardRefresh StartEventDataStoreIngestion StartImport \
            StartLogging StartQuery StopEventDataStoreIngestion StopImport StopLogging UpdateChannel UpdateDashboard \
            UpdateEventDataStore UpdateTrail
            """,
        "codebuild": """
            BatchDeleteBuilds BatchGetBuildBatches BatchGetBuilds BatchGetCommandExecutions BatchGetFleets \
            BatchGetProjects BatchGetReportGroups BatchGetReports BatchGetSandboxes CreateFleet CreateProject \
            CreateReportGroup CreateWebhook DeleteBuildBatch DeleteFleet DeleteProject DeleteReport \
            DeleteReportGroup DeleteResourcePolicy DeleteSourceCredentials DeleteWebhook DescribeCodeCoverages \
            DescribeTestCases GetReportGroupTrend GetResourcePolicy ImportSourceCredentials InvalidateProjectCache \
            ListBuildBatches ListBuildBatchesForProject ListBuilds ListBuildsForProject \
            ListCommandExecutionsForSandbox ListCuratedEnvironmentImages ListFleets ListProjects ListReportGroups \
            ListReports ListReportsForReportGroup ListSandboxes ListSandboxesForProject ListSharedProjects \
            ListSharedReportGroups ListSourceCredentials PutResourcePolicy RetryBuild RetryBuildBatch StartBuild \
            StartBuildBatch StartCommandExecution StartSandbox StartSandboxConnection StopBuild StopBuildBatch \
            StopSandbox UpdateFleet UpdateProject UpdateProjectVisibility UpdateReportGroup UpdateWebhook
            """,
        "config": """
            AssociateResourceTypes BatchGetAggregateResourceConfig BatchGetResourceConfig \
            DeleteAggregationAuthorization DeleteConfigRule DeleteConfigurationAggregator \
            DeleteConfigurationRecorder DeleteConformancePack DeleteConnector DeleteDeliveryChannel \
            DeleteEvaluationResults DeleteOrganizationConfigRule DeleteOrganizationConformancePack \
            DeletePendingAggregationRequest DeleteRemediationConfiguration DeleteRemediationExceptions \
            DeleteResourceConfig DeleteRetentionConfiguration DeleteServiceLinkedConfigurationRecorder \
            DeleteStoredQuery DeliverConfigSnapshot DescribeAggregateComplianceByConfigRules \
            DescribeAggregateComplianceByConformancePacks DescribeAggregationAuthorizations \
            DescribeComplianceByConfigRule DescribeComplianceByResource DescribeConfigRuleEvaluationStatus \
            DescribeConfigRules DescribeConfigurationAggregatorSourcesStatus DescribeConfigurationAggregators \
            DescribeConfigurationRecorderStatus DescribeConfigurationRecorders DescribeConformancePackCompliance \
            DescribeConformancePackStatus DescribeConformancePacks DescribeDeliveryChannelStatus \
            DescribeDeliveryChannels DescribeOrganizationConfigRuleStatuses DescribeOrganizationConfigRules \
            DescribeOrganizationConformancePackStatuses DescribeOrganizationConformancePacks \
            DescribePendingAggregationRequests DescribeRemediationConfigurations DescribeRemediationExceptions \
            DescribeRemediationExecutionStatus DescribeRetentionConfigurations DisassociateResourceTypes \
            GetAggregateComplianceDetailsByConfigRule GetAggregateConfigRuleComplianceSummary \
            GetAggregateConformancePackComplianceSummary GetAggregateDiscoveredResourceCounts \
            GetAggregateResourceConfig GetComplianceDetailsByConfigRule GetComplianceDetailsByResource \
            GetComplianceSummaryByConfigRule GetComplianceSummaryByResourceType GetConformancePackComplianceDetails \
            GetConformancePackComplianceSummary GetConnector GetCustomRulePolicy GetDiscoveredResourceCounts \
            GetOrganizationConfigRuleDetailedStatus GetOrganizationConformancePackDetailedStatus \
            GetOrganizationCustomRulePolicy GetResourceConfigHistory GetResourceEvaluationSummary GetStoredQuery \
            ListAggregateDiscoveredResources ListConfigurationRecorders ListConformancePackComplianceScores \
            ListConnectors ListDiscoveredResources ListResourceEvaluations ListStoredQueries ListTagsForResource \
            PutAggregationAuthorization PutConfigRule PutConfigurationAggregator PutConfigurationRecorder \
            PutConformancePack PutConnector PutDeliveryChannel PutEvaluations PutExternalEvaluation \
            PutOrganizationConfigRule PutOrganizationConformancePack PutRemediationConfigurations \
            PutRemediationExceptions PutResourceConfig PutRetentionConfiguration \
            PutServiceLinkedConfigurationRecorder PutStoredQuery PutThirdPartyServiceLinkedConfigurationRecorder \
            SelectAggregateResourceConfig SelectResourceConfig StartConfigRulesEvaluation StartConfigurationRecorder \
            StartRemediationExecution StartResourceEvaluation StopConfigurationRecorder TagResource UntagResource
            """,
        "dynamodb": """
            BatchExecuteStatement BatchGetItem BatchWriteItem CancelBulkOperation CreateBackup CreateGlobalTable \
            CreateTable DeleteBackup DeleteItem DeleteResourcePolicy DeleteTable DescribeBackup \
            DescribeBulkOperation DescribeContinuousBackups DescribeContributorInsights DescribeEndpoints \
            DescribeExport DescribeGlobalTable DescribeGlobalTableSettings DescribeImport \
            DescribeKinesisStreamingDestination DescribeLimits DescribeTable DescribeTableReplicaAutoScaling \
            DescribeTimeToLive DisableKinesisStreamingDestination EnableKinesisStreamingDestination ExecuteStatement \
            ExecuteTransaction ExportTableToPointInTime GetItem GetResourcePolicy ImportTable ListBackups \
            ListBulkOperations ListContributorInsights ListExports ListGlobalTables ListImports ListTables \
            ListTagsOfResource PutItem PutResourcePolicy Query RestoreTableFromBackup RestoreTableToPointInTime Scan \
            SearchVectors StartBulkPutItems TagResource TransactGetItems TransactWriteItems UntagResource \
            UpdateContinuousBackups UpdateContributorInsights UpdateGlobalTable UpdateGlobalTableSettings UpdateItem \
            UpdateKinesisStreamingDestination UpdateTable UpdateTableReplicaAutoScaling UpdateTimeToLive
            """,
        "ebs": """
            CompleteSnapshot GetSnapshotBlock ListChangedBlocks ListSnapshotBlocks PutSnapshotBlock StartSnapshot
            """,
        "ec2": """
            AcceptAddressTransfer AcceptCapacityReservationBillingOwnership AcceptReservedInstancesExchangeQuote \
            AcceptTransitGatewayClientVpnAttachment AcceptTransitGatewayMulticastDomainAssociations \
            AcceptTransitGatewayPeeringAttachment AcceptTransitGatewayVpcAttachment AcceptVpcEndpointConnections \
            AcceptVpcPeeringConnection AdvertiseByoipCidr AllocateAddress AllocateHosts AllocateIpamPoolCidr \
            ApplySecurityGroupsToClientVpnTargetNetwork AssignIpv6Addresses AssignPrivateIpAddresses \
            AssignPrivateNatGatewayAddress AssociateAddress AssociateApplicationStatusCheck \
            AssociateCapacityReservationBillingOwner AssociateClientVpnTargetNetwork AssociateDhcpOptions \
            AssociateEnclaveCertificateIamRole AssociateIamInstanceProfile AssociateInstanceEventWindow \
            AssociateIpamByoasn AssociateIpamResourceDiscovery AssociateKmsKeyId AssociateNatGatewayAddress \
            AssociateNetworkingFlexCostAllocationPolicy AssociateRouteServer AssociateRouteTable \
            AssociateSecurityGroupVpc AssociateSubnetCidrBlock AssociateTransitGatewayMulticastDomain \
            AssociateTransitGatewayPolicyTable AssociateTransitGatewayRouteTable AssociateTrunkInterface \
            AssociateVpcCidrBlock AttachClassicLinkVpc AttachImageWatermark AttachInternetGateway \
            AttachNetworkInterface AttachVerifiedAccessTrustProvider AttachVolume AttachVpnGateway \
            AuthorizeClientVpnIngress AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress \
            BatchModifyIpamRoutingPolicyRegistrations BidEvictedEvent BundleInstance CancelBundleTask \
            CancelCapacityReservation CancelCapacityReservationFleets CancelConversionTask \
            CancelDeclarativePoliciesReport CancelExportTask CancelImageLaunchPermission CancelImportTask \
            CancelReservedInstancesListing CancelSpotFleetRequests CancelSpotInstanceRequests ConfirmProductInstance \
            CopyFpgaImage CopyImage CopySnapshot CopyVolumes CreateApplicationStatusCheck \
            CreateCapacityManagerDataExport CreateCapacityReservation CreateCapacityReservationBySplitting \
            CreateCapacityReservationCancellationQuote CreateCapacityReservationDateChangeQuote \
            CreateCapacityReservationFleet CreateCarrierGateway CreateClientVpnEndpoint CreateClientVpnRoute \
            CreateCoipCidr CreateCoipPool CreateCustomerGateway CreateDefaultSubnet CreateDefaultVpc \
            CreateDelegateMacVolumeOwnershipTask CreateDhcpOptions CreateEgressOnlyInternetGateway CreateFleet \
            CreateFlowLogs CreateFpgaImage CreateImage CreateImageUsageReport CreateInstanceConnectEndpoint \
            CreateInstanceEventWindow CreateInstanceExportTask CreateInternetGateway \
            CreateInterruptibleCapacityReservationAllocation CreateIpam CreateIpamExternalResourceVerificationToken \
            CreateIpamInternetRegistryAssociation CreateIpamPolicy CreateIpamPool CreateIpamPrefixListResolver \
            CreateIpamPrefixListResolverTarget CreateIpamResourceDiscovery CreateIpamRoutingPolicyRegistration \
            CreateIpamScope CreateKeyPair CreateLaunchTemplate CreateLaunchTemplateVersion CreateLocalGatewayRoute \
            CreateLocalGatewayRouteTable CreateLocalGatewayRouteTableVirtualInterfaceGroupAssociation \
            CreateLocalGatewayRouteTableVpcAssociation CreateLocalGatewayVirtualInterface \
            CreateLocalGatewayVirtualInterfaceGroup CreateMacSystemIntegrityProtectionModificationTask \
            CreateManagedPrefixList CreateMetricCategory CreateNatGateway CreateNetworkAcl CreateNetworkAclEntry \
            CreateNetworkInsightsAccessScope CreateNetworkInsightsPath CreateNetworkInterface \
            CreateNetworkInterfacePermission CreateNetworkingFlexCostAllocationPolicy CreatePlacementGroup \
            CreatePublicIpv4Pool CreateReplaceRootVolumeTask CreateReservedInstancesListing CreateRestoreImageTask \
            CreateRoute CreateRouteServer CreateRouteServerEndpoint CreateRouteServerPeer CreateRouteTable \
            CreateSecondaryNetwork CreateSecondarySubnet CreateSecurityGroup CreateSnapshot CreateSnapshots \
            CreateSpotDatafeedSubscription CreateStoreImageTask CreateSubnet CreateSubnetCidrReservation CreateTags \
            CreateTrafficMirrorFilter CreateTrafficMirrorFilterRule CreateTrafficMirrorSession \
            CreateTrafficMirrorTarget CreateTransitGateway CreateTransitGatewayConnect \
            CreateTransitGatewayConnectPeer CreateTransitGatewayMeteringPolicy \
            CreateTransitGatewayMeteringPolicyEntry CreateTransitGatewayMulticastDomain \
            CreateTransitGatewayNetworkFunctionAttachment CreateTransitGatewayPeeringAttachment \
            CreateTransitGatewayPolicyTable CreateTransitGatewayPolicyTableEntry \
            CreateTransitGatewayPrefixListReference CreateTransitGatewayRoute CreateTransitGatewayRouteTable \
            CreateTransitGatewayRouteTableAnnouncement CreateTransitGatewayVpcAttachment \
            CreateVerifiedAccessEndpoint CreateVerifiedAccessGroup CreateVerifiedAccessInstance \
            CreateVerifiedAccessTrustProvider CreateVolume CreateVpc CreateVpcBlockPublicAccessExclusion \
            CreateVpcEncryptionControl CreateVpcEndpoint CreateVpcEndpointConnectionNotification \
            CreateVpcEndpointServiceConfiguration CreateVpcPeeringConnection CreateVpnConcentrator \
            CreateVpnConnection CreateVpnConnectionRoute CreateVpnGateway DeleteApplicationStatusCheck \
            DeleteCapacityManagerDataExport DeleteCarrierGateway DeleteClientVpnEndpoint \
            DeleteClientVpnEndpointAuthorizationPolicy DeleteClientVpnRoute DeleteCoipCidr DeleteCoipPool \
            DeleteCustomerGateway DeleteDhcpOptions DeleteEgressOnlyInternetGateway DeleteFleets DeleteFlowLogs \
            DeleteFpgaImage DeleteImageUsageReport DeleteInstanceConnectEndpoint DeleteInstanceEventWindow \
            DeleteInternetGateway DeleteIpam DeleteIpamExternalResourceVerificationToken \
            DeleteIpamInternetRegistryAssociation DeleteIpamPolicy DeleteIpamPool DeleteIpamPrefixListResolver \
            DeleteIpamPrefixListResolverTarget DeleteIpamResourceDiscovery DeleteIpamRoutingPolicyRegistration \
            DeleteIpamScope DeleteKeyPair DeleteLaunchTemplate DeleteLaunchTemplateVersions DeleteLocalGatewayRoute \
            DeleteLocalGatewayRouteTable DeleteLocalGatewayRouteTableVirtualInterfaceGroupAssociation \
            DeleteLocalGatewayRouteTableVpcAssociation DeleteLocalGatewayVirtualInterface \
            DeleteLocalGatewayVirtualInterfaceGroup DeleteManagedPrefixList DeleteMetricCategory DeleteNatGateway \
            DeleteNetworkAcl DeleteNetworkAclEntry DeleteNetworkInsightsAccessScope \
            DeleteNetworkInsightsAccessScopeAnalysis DeleteNetworkInsightsAnalysis DeleteNetworkInsightsPath \
            DeleteNetworkInterface DeleteNetworkInterfacePermission DeleteNetworkingFlexCostAllocationPolicies \
            DeletePlacementGroup DeletePublicIpv4Pool DeleteQueuedReservedInstances DeleteRoute DeleteRouteServer \
            DeleteRouteServerEndpoint DeleteRouteServerPeer DeleteRouteTable DeleteSecondaryNetwork \
            DeleteSecondarySubnet DeleteSecurityGroup DeleteSnapshot DeleteSpotDatafeedSubscription DeleteSubnet \
            DeleteSubnetCidrReservation DeleteTags DeleteTrafficMirrorFilter DeleteTrafficMirrorFilterRule \
            DeleteTrafficMirrorSession DeleteTrafficMirrorTarget DeleteTransitGateway \
            DeleteTransitGatewayClientVpnAttachment DeleteTransitGatewayConnect DeleteTransitGatewayConnectPeer \
            DeleteTransitGatewayMeteringPolicy DeleteTransitGatewayMeteringPolicyEntry \
            DeleteTransitGatewayMulticastDomain DeleteTransitGatewayNetworkFunctionAttachment \
            DeleteTransitGatewayPeeringAttachment DeleteTransitGatewayPolicyTable \
            DeleteTransitGatewayPolicyTableEntry DeleteTransitGatewayPrefixListReference DeleteTransitGatewayRoute \
            DeleteTransitGatewayRouteTable DeleteTransitGatewayRouteTableAnnouncement \
            DeleteTransitGatewayVpcAttachment DeleteVerifiedAccessEndpoint DeleteVerifiedAccessGroup \
            DeleteVerifiedAccessInstance DeleteVerifiedAccessTrustProvider DeleteVolume DeleteVpc \
            DeleteVpcBlockPublicAccessExclusion DeleteVpcEncryptionControl DeleteVpcEndpointConnectionNotifications \
            DeleteVpcEndpointServiceConfigurations DeleteVpcEndpoints DeleteVpcPeeringConnection \
            DeleteVpnConcentrator DeleteVpnConnection DeleteVpnConnectionRoute DeleteVpnGateway DeprovisionByoipCidr \
            DeprovisionIpamByoasn DeprovisionIpamPoolCidr DeprovisionPublicIpv4PoolCidr DeregisterImage \
            DeregisterInstanceEventNotificationAttributes DeregisterTransitGatewayMulticastGroupMembers \
            DeregisterTransitGatewayMulticastGroupSources DescribeAccountAttributes \
            DescribeAccountVpcEncryptionControl DescribeAddressTransfers DescribeAddresses \
            DescribeAddressesAttribute DescribeAggregateIdFormat DescribeApplicationStatus \
            DescribeApplicationStatusCheckAssociations DescribeApplicationStatusChecks DescribeAvailabilityZones \
            DescribeAwsNetworkPerformanceMetricSubscriptions DescribeBundleTasks DescribeByoipCidrs \
            DescribeCapacityBlockExtensionHistory DescribeCapacityBlockExtensionOfferings \
            DescribeCapacityBlockOfferings DescribeCapacityBlockStatus DescribeCapacityBlocks \
            DescribeCapacityManagerDataExports DescribeCapacityReservationBillingRequests \
            DescribeCapacityReservationCancellationQuotes DescribeCapacityReservationDateChangeQuotes \
            DescribeCapacityReservationFleets DescribeCapacityReservationTopology DescribeCapacityReservations \
            DescribeCarrierGateways DescribeClassicLinkInstances DescribeClientVpnAuthorizationRules \
            DescribeClientVpnConnections DescribeClientVpnEndpoints DescribeClientVpnRoutes \
            DescribeClientVpnTargetNetworks DescribeCoipPools DescribeConversionTasks DescribeCustomerGateways \
            DescribeDeclarativePoliciesReports DescribeDhcpOptions DescribeEgressOnlyInternetGateways \
            DescribeElasticGpus DescribeExportImageTasks DescribeExportTasks DescribeFastLaunchImages \
            DescribeFastSnapshotRestores DescribeFleetHistory DescribeFleetInstances DescribeFleets DescribeFlowLogs \
            DescribeFpgaImageAttribute DescribeFpgaImages DescribeHostReservationOfferings DescribeHostReservations \
            DescribeHosts DescribeIamInstanceProfileAssociations DescribeIdFormat DescribeIdentityIdFormat \
            DescribeImageAttribute DescribeImageReferences DescribeImageUsageReportEntries DescribeImageUsageReports \
            DescribeImages DescribeImportImageTasks DescribeImportSnapshotTasks DescribeInstanceAttribute \
            DescribeInstanceConnectEndpoints DescribeInstanceCreditSpecifications \
            DescribeInstanceEventNotificationAttributes DescribeInstanceEventWindows DescribeInstanceImageMetadata \
            DescribeInstanceSqlHaHistoryStates DescribeInstanceSqlHaStates DescribeInstanceStatus \
            DescribeInstanceTopology DescribeInstanceTypeOfferings DescribeInstanceTypes DescribeInstances \
            DescribeInternetGateways DescribeIpamByoasn DescribeIpamExternalResourceVerificationTokens \
            DescribeIpamInternetRegistryAssociations DescribeIpamPolicies DescribeIpamPoolAllocations \
            DescribeIpamPools DescribeIpamPrefixListResolverTargets DescribeIpamPrefixListResolvers \
            DescribeIpamResourceDiscoveries DescribeIpamResourceDiscoveryAssociations DescribeIpamScopes \
            DescribeIpams DescribeIpv6Pools DescribeKeyPairs DescribeLaunchTemplateVersions DescribeLaunchTemplates \
            DescribeLocalGatewayRouteTableVirtualInterfaceGroupAssociations \
            DescribeLocalGatewayRouteTableVpcAssociations DescribeLocalGatewayRouteTables \
            DescribeLocalGatewayVirtualInterfaceGroups DescribeLocalGatewayVirtualInterfaces DescribeLocalGateways \
            DescribeLockedSnapshots DescribeMacHosts DescribeMacModificationTasks DescribeManagedPrefixLists \
            DescribeMetricCategories DescribeMovingAddresses DescribeNatGateways DescribeNetworkAcls \
            DescribeNetworkInsightsAccessScopeAnalyses DescribeNetworkInsightsAccessScopes \
            DescribeNetworkInsightsAnalyses DescribeNetworkInsightsPaths DescribeNetworkInterfaceAttribute \
            DescribeNetworkInterfacePermissions DescribeNetworkInterfaces \
            DescribeNetworkingFlexCostAllocationPolicies DescribeNetworkingFlexCostAllocationPolicyAssociations \
            DescribeOutpostLags DescribePlacementGroups DescribePrefixLists DescribePrincipalIdFormat \
            DescribePublicIpv4Pools DescribeRegions DescribeReplaceRootVolumeTasks DescribeReservedInstances \
            DescribeReservedInstancesListings DescribeReservedInstancesModifications \
            DescribeReservedInstancesOfferings DescribeRouteServerEndpoints DescribeRouteServerPeers \
            DescribeRouteServers DescribeRouteTables DescribeScheduledInstanceAvailability \
            DescribeScheduledInstances DescribeSecondaryInterfaces DescribeSecondaryNetworks \
            DescribeSecondarySubnets DescribeSecurityGroupReferences DescribeSecurityGroupRules \
            DescribeSecurityGroupVpcAssociations DescribeSecurityGroups DescribeServiceLinkVirtualInterfaces \
            DescribeSnapshotAttribute DescribeSnapshotTierStatus DescribeSnapshots DescribeSpotDatafeedSubscription \
            DescribeSpotFleetInstances DescribeSpotFleetRequestHistory DescribeSpotFleetRequests \
            DescribeSpotInstanceRequests DescribeSpotPriceHistory DescribeStaleSecurityGroups \
            DescribeStoreImageTasks DescribeSubnets DescribeTags DescribeTrafficMirrorFilterRules \
            DescribeTrafficMirrorFilters DescribeTrafficMirrorSessions DescribeTrafficMirrorTargets \
            DescribeTransitGatewayAttachments DescribeTransitGatewayConnectPeers DescribeTransitGatewayConnects \
            DescribeTransitGatewayMeteringPolicies DescribeTransitGatewayMulticastDomains \
            DescribeTransitGatewayNetworkFunctionAttachments DescribeTransitGatewayPeeringAttachments \
            DescribeTransitGatewayPolicyTables DescribeTransitGatewayRouteTableAnnouncements \
            DescribeTransitGatewayRouteTables DescribeTransitGatewayVpcAttachments DescribeTransitGateways \
            DescribeTrunkInterfaceAssociations DescribeVerifiedAccessEndpoints DescribeVerifiedAccessGroups \
            DescribeVerifiedAccessInstanceLoggingConfigurations DescribeVerifiedAccessInstances \
            DescribeVerifiedAccessTrustProviders DescribeVolumeAttribute DescribeVolumeStatus DescribeVolumes \
            DescribeVolumesModifications DescribeVpcAttribute DescribeVpcBlockPublicAccessExclusions \
            DescribeVpcBlockPublicAccessOptions DescribeVpcClassicLink DescribeVpcClassicLinkDnsSupport \
            DescribeVpcEncryptionControls DescribeVpcEndpointAssociations DescribeVpcEndpointConnectionNotifications \
            DescribeVpcEndpointConnections DescribeVpcEndpointServiceConfigurations \
            DescribeVpcEndpointServicePermissions DescribeVpcEndpointServices DescribeVpcEndpoints \
            DescribeVpcPeeringConnections DescribeVpcs DescribeVpnConcentrators DescribeVpnConnections \
            DescribeVpnGateways DetachClassicLinkVpc DetachImageWatermark DetachInternetGateway \
            DetachNetworkInterface DetachVerifiedAccessTrustProvider DetachVolume DetachVpnGateway \
            DisableAddressTransfer DisableAllowedImagesSettings DisableApplicationStatusCheckSuppression \
            DisableAwsNetworkPerformanceMetricSubscription DisableCapacityManager DisableEbsEncryptionByDefault \
            DisableFastLaunch DisableFastSnapshotRestores DisableImage DisableImageBlockPublicAccess \
            DisableImageDeprecation DisableImageDeregistrationProtection DisableInstanceSqlHaStandbyDetections \
            DisableIpamOrganizationAdminAccount DisableIpamPolicy DisableRouteServerPropagation \
            DisableSerialConsoleAccess DisableSnapshotBlockPublicAccess DisableTransitGatewayRouteTablePropagation \
            DisableVgwRoutePropagation DisableVpcClassicLink DisableVpcClassicLinkDnsSupport DisassociateAddress \
            DisassociateApplicationStatusCheck DisassociateCapacityReservationBillingOwner \
            DisassociateClientVpnTargetNetwork DisassociateEnclaveCertificateIamRole DisassociateIamInstanceProfile \
            DisassociateInstanceEventWindow DisassociateIpamByoasn DisassociateIpamResourceDiscovery \
            DisassociateKmsKeyId DisassociateNatGatewayAddress DisassociateNetworkingFlexCostAllocationPolicy \
            DisassociateRouteServer DisassociateRouteTable DisassociateSecurityGroupVpc DisassociateSubnetCidrBlock \
            DisassociateTransitGatewayMulticastDomain DisassociateTransitGatewayPolicyTable \
            DisassociateTransitGatewayRouteTable DisassociateTrunkInterface DisassociateVpcCidrBlock \
            EnableAddressTransfer EnableAllowedImagesSettings EnableApplicationStatusCheckSuppression \
            EnableAwsNetworkPerformanceMetricSubscription EnableCapacityManager EnableEbsEncryptionByDefault \
            EnableFastLaunch EnableFastSnapshotRestores EnableImage EnableImageBlockPublicAccess \
            EnableImageDeprecation EnableImageDeregistrationProtection EnableInstanceSqlHaStandbyDetections \
            EnableIpamInternetRegistryAssociation EnableIpamOrganizationAdminAccount EnableIpamPolicy \
            EnableReachabilityAnalyzerOrganizationSharing EnableRouteServerPropagation EnableSerialConsoleAccess \
            EnableSnapshotBlockPublicAccess EnableTransitGatewayRouteTablePropagation EnableVgwRoutePropagation \
            EnableVolumeIO EnableVpcClassicLink EnableVpcClassicLinkDnsSupport \
            ExportClientVpnClientCertificateRevocationList ExportClientVpnClientConfiguration ExportImage \
            ExportTransitGatewayRoutes ExportVerifiedAccessInstanceClientConfiguration GetActiveVpnTunnelStatus \
            GetAllowedImagesSettings GetAssociatedEnclaveCertificateIamRoles GetAssociatedIpv6PoolCidrs \
            GetAwsNetworkPerformanceData GetCapacityManagerAttributes GetCapacityManagerMetricData \
            GetCapacityManagerMetricDimensions GetCapacityManagerMonitoredTagKeys \
            GetCapacityManagerSupportabilityScores GetCapacityReservationUsage \
            GetClientVpnEndpointAuthorizationPolicy GetCoipPoolUsage GetConsoleOutput GetConsoleScreenshot \
            GetDeclarativePoliciesReportSummary GetDefaultCreditSpecification GetEbsDefaultKmsKeyId \
            GetEbsEncryptionByDefault GetEnabledIpamPolicy GetFlowLogsIntegrationTemplate \
            GetGroupsForCapacityReservation GetHostReservationPurchasePreview GetImageAncestry \
            GetImageBlockPublicAccessState GetImageFindings GetInstanceMetadataDefaults GetInstanceTpmEkPub \
            GetInstanceTypesFromInstanceRequirements GetInstanceUefiData GetIpamAddressHistory \
            GetIpamDiscoveredAccounts GetIpamDiscoveredPublicAddresses GetIpamDiscoveredResourceCidrs \
            GetIpamDiscoveredRoutes GetIpamInternetRegistryAssociationAsns GetIpamInternetRegistryAssociationCidrs \
            GetIpamPolicyAllocationRules GetIpamPolicyOrganizationTargets GetIpamPoolAllocations GetIpamPoolCidrs \
            GetIpamPrefixListResolverRules GetIpamPrefixListResolverVersionEntries GetIpamPrefixListResolverVersions \
            GetIpamResourceCidrs GetIpamRouteOriginAuthorizations GetIpamRouteProtectionFindings \
            GetIpamRoutingPolicyRegistrationDeltas GetIpamRoutingPolicyRegistrations GetLaunchTemplateData \
            GetManagedPrefixListAssociations GetManagedPrefixListEntries GetManagedResourceVisibility \
            GetNetworkInsightsAccessScopeAnalysisFindings GetNetworkInsightsAccessScopeContent \
            GetNetworkingFlexCostAllocationPolicyVersions GetPasswordData GetReservedInstancesExchangeQuote \
            GetRouteServerAssociations GetRouteServerPropagations GetRouteServerRoutingDatabase \
            GetSecurityGroupsForVpc GetSerialConsoleAccessStatus GetSnapshotBlockPublicAccessState \
            GetSpotPlacementScores GetSubnetCidrReservations GetTransitGatewayAttachmentNatConfiguration \
            GetTransitGatewayAttachmentPropagations GetTransitGatewayMeteringPolicyEntries \
            GetTransitGatewayMulticastDomainAssociations GetTransitGatewayPolicyTableAssociations \
            GetTransitGatewayPolicyTableEntries GetTransitGatewayPrefixListReferences \
            GetTransitGatewayRouteTableAssociations GetTransitGatewayRouteTablePropagations \
            GetVerifiedAccessEndpointPolicy GetVerifiedAccessEndpointTargets GetVerifiedAccessGroupPolicy \
            GetVpcResourcesBlockingEncryptionEnforcement GetVpnConnectionDeviceSampleConfiguration \
            GetVpnConnectionDeviceTypes GetVpnTunnelReplacementStatus ImportClientVpnClientCertificateRevocationList \
            ImportImage ImportInstance ImportKeyPair ImportSnapshot ImportVolume ListImagesInRecycleBin \
            ListSnapshotsInRecycleBin ListVolumesInRecycleBin LockSnapshot ModifyAccountVpcEncryptionControl \
            ModifyAddressAttribute ModifyApplicationStatusCheck ModifyAvailabilityZoneGroup \
            ModifyCapacityReservation ModifyCapacityReservationFleet ModifyClientVpnEndpoint \
            ModifyClientVpnEndpointAuthorizationPolicy ModifyDefaultCreditSpecification ModifyEbsDefaultKmsKeyId \
            ModifyFleet ModifyFpgaImageAttribute ModifyHosts ModifyIdFormat ModifyIdentityIdFormat \
            ModifyImageAttribute ModifyInstanceAttribute ModifyInstanceCapacityReservationAttributes \
            ModifyInstanceConnectEndpoint ModifyInstanceCpuOptions ModifyInstanceCreditSpecification \
            ModifyInstanceEventStartTime ModifyInstanceEventWindow ModifyInstanceMaintenanceOptions \
            ModifyInstanceMetadataDefaults ModifyInstanceMetadataOptions ModifyInstanceNetworkPerformanceOptions \
            ModifyInstancePlacement ModifyIpam ModifyIpamPolicyAllocationRules ModifyIpamPool \
            ModifyIpamPoolAllocation ModifyIpamPrefixListResolver ModifyIpamPrefixListResolverTarget \
            ModifyIpamResourceCidr ModifyIpamResourceDiscovery ModifyIpamRoutingPolicyRegistration ModifyIpamScope \
            ModifyLaunchTemplate ModifyLocalGatewayRoute ModifyManagedPrefixList ModifyManagedResourceVisibility \
            ModifyMetricCategory ModifyNetworkInterfaceAttribute ModifyNetworkingFlexCostAllocationPolicy \
            ModifyPrivateDnsNameOptions ModifyPublicIpDnsNameOptions ModifyReservedInstances ModifyRouteServer \
            ModifySecurityGroupRules ModifySnapshotAttribute ModifySnapshotTier ModifySpotFleetRequest \
            ModifySubnetAttribute ModifyTrafficMirrorFilterNetworkServices ModifyTrafficMirrorFilterRule \
            ModifyTrafficMirrorSession ModifyTransitGateway ModifyTransitGatewayAttachmentNatConfiguration \
            ModifyTransitGatewayMeteringPolicy ModifyTransitGatewayNetworkFunctionAttachment \
            ModifyTransitGatewayPeeringAttachment ModifyTransitGatewayPolicyTableEntry \
            ModifyTransitGatewayPrefixListReference ModifyTransitGatewayVpcAttachment ModifyVerifiedAccessEndpoint \
            ModifyVerifiedAccessEndpointPolicy ModifyVerifiedAccessGroup ModifyVerifiedAccessGroupPolicy \
            ModifyVerifiedAccessInstance ModifyVerifiedAccessInstanceLoggingConfiguration \
            ModifyVerifiedAccessTrustProvider ModifyVolume ModifyVolumeAttribute ModifyVpcAttribute \
            ModifyVpcBlockPublicAccessExclusion ModifyVpcBlockPublicAccessOptions ModifyVpcEncryptionControl \
            ModifyVpcEndpoint ModifyVpcEndpointConnectionNotification ModifyVpcEndpointPayerResponsibility \
            ModifyVpcEndpointServiceConfiguration ModifyVpcEndpointServicePayerResponsibility \
            ModifyVpcEndpointServicePermissions ModifyVpcPeeringConnectionOptions ModifyVpcTenancy \
            ModifyVpnConnection ModifyVpnConnectionOptions ModifyVpnTunnelCertificate ModifyVpnTunnelOptions \
            MonitorInstances MoveAddressToVpc MoveByoipCidrToIpam MoveCapacityReservationInstances \
            ProvisionByoipCidr ProvisionIpamByoasn ProvisionIpamPoolCidr ProvisionPublicIpv4PoolCidr \
            PurchaseCapacityBlock PurchaseCapacityBlockExtension PurchaseHostReservation \
            PurchaseReservedInstancesOffering PurchaseScheduledInstances RebootInstances RegisterImage \
            RegisterInstanceEventNotificationAttributes RegisterTransitGatewayMulticastGroupMembers \
            RegisterTransitGatewayMulticastGroupSources RejectCapacityReservationBillingOwnership \
            RejectTransitGatewayClientVpnAttachment RejectTransitGatewayMulticastDomainAssociations \
            RejectTransitGatewayPeeringAttachment RejectTransitGatewayVpcAttachment RejectVpcEndpointConnections \
            RejectVpcPeeringConnection ReleaseAddress ReleaseHosts ReleaseIpamPoolAllocation \
            ReplaceIamInstanceProfileAssociation ReplaceImageCriteriaInAllowedImagesSettings \
            ReplaceImageInstanceTypeSpecification ReplaceNetworkAclAssociation ReplaceNetworkAclEntry ReplaceRoute \
            ReplaceRouteTableAssociation ReplaceTransitGatewayRoute ReplaceVpnTunnel ReportInstanceStatus \
            RequestSpotFleet RequestSpotInstances ResetAddressAttribute ResetEbsDefaultKmsKeyId \
            ResetFpgaImageAttribute ResetImageAttribute ResetInstanceAttribute ResetNetworkInterfaceAttribute \
            ResetSnapshotAttribute RestoreAddressToClassic RestoreImageFromRecycleBin \
            RestoreManagedPrefixListVersion RestoreSnapshotFromRecycleBin RestoreSnapshotTier \
            RestoreVolumeFromRecycleBin RevokeClientVpnIngress RevokeSecurityGroupEgress RevokeSecurityGroupIngress \
            RunInstances RunScheduledInstances SearchLocalGatewayRoutes SearchTransitGatewayMulticastGroups \
            SearchTransitGatewayRoutes SendDiagnosticInterrupt SendSerialConsoleSSHPublicKey \
            SharedSnapshotCopyInitiated SharedSnapshotVolumeCreated StartDeclarativePoliciesReport StartInstances \
            StartNetworkInsightsAccessScopeAnalysis StartNetworkInsightsAnalysis \
            StartVpcEndpointServicePrivateDnsVerification StopInstances TerminateClientVpnConnections \
            TerminateInstances UnassignIpv6Addresses UnassignPrivateIpAddresses UnassignPrivateNatGatewayAddress \
            UnlockSnapshot UnmonitorInstances UpdateCapacityManagerMonitoredTagKeys \
            UpdateCapacityManagerOrganizationsAccess UpdateInterruptibleCapacityReservationAllocation \
            UpdateSecurityGroupRuleDescriptionsEgress UpdateSecurityGroupRuleDescriptionsIngress \
            ValidateSecurityGroupQuotasForInterface WithdrawByoipCidr
            """,
        "ec2-instance-connect": """
            SendSSHPublicKey SendSerialConsoleSSHPublicKey
            """,
        "ecr": """
            BatchCheckLayerAvailability BatchDeleteImage BatchGetImage BatchGetRepositoryScanningConfiguration \
            CompleteLayerUpload CreatePullThroughCacheRule CreateRepository CreateRepositoryCreationTemplate \
            DeleteLifecyclePolicy DeletePullThroughCacheRule DeleteRegistryPolicy DeleteRepository \
            DeleteRepositoryCreationTemplate DeleteRepositoryPolicy DeleteSigningConfiguration \
            DeregisterPullTimeUpdateExclusion DescribeImageReplicationStatus DescribeImageScanFindings \
            DescribeImageSigningStatus DescribeImages DescribePullThroughCacheRules DescribeRegistry \
            DescribeReplicationBackfillResults DescribeRepositories DescribeRepositoryCreationTemplates \
            GetAccountSetting GetAuthorizationToken GetDownloadUrlForLayer GetLifecyclePolicy \
            GetLifecyclePolicyPreview GetRegistryPolicy GetRegistryScanningConfiguration GetRepositoryPolicy \
            GetSigningConfiguration InitiateLayerUpload ListImageReferrers ListImages ListPullTimeUpdateExclusions \
            ListReplicationBackfills ListTagsForResource PutAccountSetting PutImage PutImageScanningConfiguration \
            PutImageTagMutability PutLifecyclePolicy PutRegistryPolicy PutRegistryScanningConfiguration \
            PutReplicationConfiguration PutSigningConfiguration RegisterPullTimeUpdateExclusion SetRepositoryPolicy \
            StartImageScan StartLifecyclePolicyPreview StartReplicationBackfill StopReplicationBackfill TagResource \
            UntagResource UpdateImageStorageClass UpdatePullThroughCacheRule UpdateRepositoryCreationTemplate \
            UploadLayerPart ValidatePullThroughCacheRule
            """,
        "ecs": """
            AssociateGatewayWithCluster ContinueServiceDeployment CreateCapacityProvider CreateCluster CreateDaemon \
            CreateExpressGatewayService CreateGateway CreateService CreateTaskSet DeleteAccountSetting \
            DeleteAttributes DeleteCapacityProvider DeleteCluster DeleteDaemon DeleteDaemonTaskDefinition \
            DeleteExpressGatewayService DeleteGateway DeleteService DeleteTaskDefinitions DeleteTaskSet \
            DeregisterContainerInstance DeregisterTaskDefinition DescribeCapacityProviders DescribeClusters \
            DescribeContainerInstances DescribeDaemon DescribeDaemonDeployments DescribeDaemonRevisions \
            DescribeDaemonTaskDefinition DescribeExpressGatewayService DescribeGateway DescribeGatewayResources \
            DescribeGatewayRoute DescribeServiceDeployments DescribeServiceRevisions DescribeServices \
            DescribeTaskDefinition DescribeTaskSets DescribeTasks DisassociateGatewayFromCluster \
            DiscoverPollEndpoint ExecuteCommand GetTaskProtection ListAccountSettings ListAttributes ListClusters \
            ListContainerInstances ListDaemonDeployments ListDaemonTaskDefinitions ListDaemons \
            ListGatewayClusterAssociations ListGatewayRoutes ListGateways ListServiceDeployments ListServices \
            ListServicesByNamespace ListTagsForResource ListTaskDefinitionFamilies ListTaskDefinitions ListTasks \
            PutAccountSetting PutAccountSettingDefault PutAttributes PutClusterCapacityProviders \
            RegisterContainerInstance RegisterDaemonTaskDefinition RegisterTaskDefinition RunTask StartTask \
            StopServiceDeployment StopTask SubmitAttachmentStateChanges SubmitContainerStateChange \
            SubmitTaskStateChange TagResource UntagResource UpdateCapacityProvider UpdateCluster \
            UpdateClusterSettings UpdateContainerAgent UpdateContainerInstancesState UpdateDaemon \
            UpdateExpressGatewayService UpdateGateway UpdateService UpdateServicePrimaryTaskSet UpdateTaskProtection \
            UpdateTaskSet
            """,
        "eks": """
            AccessKubernetesApi ActivateCertificateAuthority AssociateAccessPolicy AssociateEncryptionConfig \
            AssociateIdentityProviderConfig CancelUpdate CreateAccessEntry CreateAddon CreateCapability \
            CreateCertificateAuthority CreateCluster CreateEksAnywhereSubscription CreateFargateProfile \
            CreateNodegroup CreatePodIdentityAssociation DeleteAccessEntry DeleteAddon DeleteCapability \
            DeleteCertificateAuthority DeleteCluster DeleteEksAnywhereSubscription DeleteFargateProfile \
            DeleteNodegroup DeletePodIdentityAssociation DeregisterCluster DescribeAccessEntry DescribeAddon \
            DescribeAddonConfiguration DescribeAddonVersions DescribeCapability DescribeCertificateAuthority \
            DescribeCluster DescribeClusterVersions DescribeEksAnywhereSubscription DescribeFargateProfile \
            DescribeIdentityProviderConfig DescribeInsight DescribeInsightsRefresh DescribeNodegroup \
            DescribePodIdentityAssociation DescribeUpdate DisassociateAccessPolicy \
            DisassociateIdentityProviderConfig ListAccessEntries ListAccessPolicies ListAddons \
            ListAssociatedAccessPolicies ListCapabilities ListCertificateAuthorities ListClusters \
            ListEksAnywhereSubscriptions ListFargateProfiles ListIdentityProviderConfigs ListInsights ListNodegroups \
            ListPodIdentityAssociations ListTagsForResource ListUpdates RegisterCluster StartInsightsRefresh \
            TagResource UntagResource UpdateAccessEntry UpdateAddon UpdateCapability UpdateClusterConfig \
            UpdateClusterVersion UpdateEksAnywhereSubscription UpdateNodegroupConfig UpdateNodegroupVersion \
            UpdatePodIdentityAssociation
            """,
        "elasticache": """
            AddTagsToResource AuthorizeCacheSecurityGroupIngress BatchApplyUpdateAction BatchStopUpdateAction \
            CompleteMigration CopyServerlessCacheSnapshot CopySnapshot CreateCacheCluster CreateCacheParameterGroup \
            CreateCacheSecurityGroup CreateCacheSubnetGroup CreateGlobalReplicationGroup CreateReplicationGroup \
            CreateServerlessCache CreateServerlessCacheSnapshot CreateSnapshot CreateUser CreateUserGroup \
            DecreaseNodeGroupsInGlobalReplicationGroup DecreaseReplicaCount DeleteCacheCluster \
            DeleteCacheParameterGroup DeleteCacheSecurityGroup DeleteCacheSubnetGroup DeleteGlobalReplicationGroup \
            DeleteReplicationGroup DeleteServerlessCache DeleteServerlessCacheSnapshot DeleteSnapshot DeleteUser \
            DeleteUserGroup DescribeCacheClusters DescribeCacheEngineVersions DescribeCacheParameterGroups \
            DescribeCacheParameters DescribeCacheSecurityGroups DescribeCacheSubnetGroups \
            DescribeEngineDefaultParameters DescribeEvents DescribeGlobalReplicationGroups DescribeReplicationGroups \
            DescribeReservedCacheNodes DescribeReservedCacheNodesOfferings DescribeServerlessCacheSnapshots \
            DescribeServerlessCaches DescribeServiceUpdates DescribeSnapshots DescribeUpdateActions \
            DescribeUserGroups DescribeUsers DisassociateGlobalReplicationGroup ExportServerlessCacheSnapshot \
            FailoverGlobalReplicationGroup IncreaseNodeGroupsInGlobalReplicationGroup IncreaseReplicaCount \
            ListAllowedNodeTypeModifications ListTagsForResource ModifyCacheCluster ModifyCacheParameterGroup \
            ModifyCacheSubnetGroup ModifyGlobalReplicationGroup ModifyReplicationGroup \
            ModifyReplicationGroupShardConfiguration ModifyServerlessCache ModifyUser ModifyUserGroup \
            PrepareMigration PurchaseReservedCacheNodesOffering RebalanceSlotsInGlobalReplicationGroup \
            RebootCacheCluster RemoveTagsFromResource ResetCacheParameterGroup RevokeCacheSecurityGroupIngress \
            StartMigration StopMigration TestFailover TestMigration
            """,
        "elasticfilesystem": """
            CreateAccessPoint CreateFileSystem CreateMountTarget CreateReplicationConfiguration CreateTags \
            DeleteAccessPoint DeleteFileSystem DeleteFileSystemPolicy DeleteMountTarget \
            DeleteReplicationConfiguration DeleteTags DescribeAccessPoints DescribeAccountPreferences \
            DescribeBackupPolicy DescribeFileSystemPolicy DescribeFileSystems DescribeLifecycleConfiguration \
            DescribeMountTargetSecurityGroups DescribeMountTargets DescribeReplicationConfigurations DescribeTags \
            ListTagsForResource ModifyMountTargetSecurityGroups PutAccountPreferences PutBackupPolicy \
            PutFileSystemPolicy PutLifecycleConfiguration TagResource UntagResource UpdateFileSystem \
            UpdateFileSystemProtection
            """,
        "elasticloadbalancing": """
            AddListenerCertificates AddTags AddTrustStoreRevocations ApplySecurityGroupsToLoadBalancer \
            AttachLoadBalancerToSubnets ConfigureHealthCheck CreateAppCookieStickinessPolicy \
            CreateLBCookieStickinessPolicy CreateListener CreateLoadBalancer CreateLoadBalancerListeners \
            CreateLoadBalancerPolicy CreateRule CreateTargetGroup CreateTrustStore DeleteListener DeleteLoadBalancer \
            DeleteLoadBalancerListeners DeleteLoadBalancerPolicy DeleteRule DeleteSharedTrustStoreAssociation \
            DeleteTargetGroup DeleteTrustStore DeregisterInstancesFromLoadBalancer DeregisterTargets \
            DescribeAccountLimits DescribeCapacityReservation DescribeInstanceHealth DescribeListenerAttributes \
            DescribeListenerCertificates DescribeListeners DescribeLoadBalancerAttributes \
            DescribeLoadBalancerPolicies DescribeLoadBalancerPolicyTypes DescribeLoadBalancers DescribeRules \
            DescribeSSLPolicies DescribeTags DescribeTargetGroupAttributes DescribeTargetGroups DescribeTargetHealth \
            DescribeTrustStoreAssociations DescribeTrustStoreRevocations DescribeTrustStores \
            DetachLoadBalancerFromSubnets DisableAvailabilityZonesForLoadBalancer \
            EnableAvailabilityZonesForLoadBalancer GetResourcePolicy GetTrustStoreCaCertificatesBundle \
            GetTrustStoreRevocationContent ModifyCapacityReservation ModifyIpPools ModifyListener \
            ModifyListenerAttributes ModifyLoadBalancerAttributes ModifyRule ModifyTargetGroup \
            ModifyTargetGroupAttributes ModifyTrustStore RegisterInstancesWithLoadBalancer RegisterTargets \
            RemoveListenerCertificates RemoveTags RemoveTrustStoreRevocations SetIpAddressType \
            SetLoadBalancerListenerSSLCertificate SetLoadBalancerPoliciesForBackendServer \
            SetLoadBalancerPoliciesOfListener SetRulePriorities SetSecurityGroups SetSubnets
            """,
        "events": """
            ActivateEventSource CancelReplay CreateApiDestination CreateArchive CreateConnection CreateEndpoint \
            CreateEventBus CreatePartnerEventSource DeactivateEventSource DeauthorizeConnection DeleteApiDestination \
            DeleteArchive DeleteConnection DeleteEndpoint DeleteEventBus DeletePartnerEventSource DeleteRule \
            DescribeApiDestination DescribeArchive DescribeConnection DescribeEndpoint DescribeEventBus \
            DescribeEventSource DescribePartnerEventSource DescribeReplay DescribeRule DisableRule EnableRule \
            ListApiDestinations ListArchives ListConnections ListEndpoints ListEventBuses ListEventSources \
            ListPartnerEventSourceAccounts ListPartnerEventSources ListReplays ListRuleNamesByTarget ListRules \
            ListTagsForResource ListTargetsByRule PutEvents PutPartnerEvents PutPermission PutRule PutTargets \
            RemovePermission RemoveTargets StartReplay TagResource TestEventPattern UntagResource \
            UpdateApiDestination UpdateArchive UpdateConnection UpdateEndpoint UpdateEventBus
            """,
        "glue": """
            AssociateGlossaryTerms BatchCreatePartition BatchDeleteConnection BatchDeletePartition BatchDeleteTable \
            BatchDeleteTableVersion BatchGetBlueprints BatchGetCrawlers BatchGetCustomEntityTypes \
            BatchGetDataQualityResult BatchGetDataQualityResultV2 BatchGetDataQualityRulesetEvaluationRun \
            BatchGetDevEndpoints BatchGetIterableForms BatchGetJobs BatchGetPartition BatchGetTableOptimizer \
            BatchGetTriggers BatchGetWorkflows BatchPutDataQualityStatisticAnnotation BatchStopJobRun \
            BatchUpdatePartition CancelDataQualityRuleRecommendationRun CancelDataQualityRulesetEvaluationRun \
            CancelMLTaskRun CancelStatement CheckSchemaVersionValidity CreateBlueprint CreateCatalog \
            CreateClassifier CreateColumnStatisticsTaskSettings CreateConnection CreateCrawler \
            CreateCustomEntityType CreateDataQualityEvaluationConfig CreateDataQualityRuleset CreateDatabase \
            CreateDevEndpoint CreateGlossary CreateGlossaryTerm CreateGlueIdentityCenterConfiguration \
            CreateIntegration CreateIntegrationResourceProperty CreateIntegrationTableProperties CreateJob \
            CreateMLTransform CreatePartition CreatePartitionIndex CreateRegistry CreateSchema CreateScript \
            CreateSecurityConfiguration CreateSession CreateTable CreateTableOptimizer CreateTrigger \
            CreateUsageProfile CreateUserDefinedFunction CreateWorkflow DeleteAsset DeleteAssetType DeleteAttachment \
            DeleteBlueprint DeleteCatalog DeleteClassifier DeleteColumnStatisticsForPartition \
            DeleteColumnStatisticsForTable DeleteColumnStatisticsTaskSettings DeleteConnection DeleteConnectionType \
            DeleteCrawler DeleteCustomEntityType DeleteDataQualityEvaluationConfig DeleteDataQualityRuleset \
            DeleteDatabase DeleteDevEndpoint DeleteFormType DeleteGlossary DeleteGlossaryTerm \
            DeleteGlueIdentityCenterConfiguration DeleteIntegration DeleteIntegrationResourceProperty \
            DeleteIntegrationTableProperties DeleteJob DeleteMLTransform DeletePartition DeletePartitionIndex \
            DeleteRegistry DeleteResourcePolicy DeleteSchema DeleteSchemaVersions DeleteSecurityConfiguration \
            DeleteSession DeleteTable DeleteTableOptimizer DeleteTableVersion DeleteTrigger DeleteUsageProfile \
            DeleteUserDefinedFunction DeleteWorkflow DescribeConnectionType DescribeEntity \
            DescribeInboundIntegrations DescribeIntegrations DisassociateGlossaryTerms GetAsset GetAssetType \
            GetBlueprint GetBlueprintRun GetBlueprintRuns GetCatalog GetCatalogImportStatus GetCatalogs \
            GetClassifier GetClassifiers GetColumnStatisticsForPartition GetColumnStatisticsForTable \
            GetColumnStatisticsTaskRun GetColumnStatisticsTaskRuns GetColumnStatisticsTaskSettings GetConnection \
            GetConnections GetCrawler GetCrawlerMetrics GetCrawlers GetCustomEntityType GetDashboardUrl \
            GetDataCatalogEncryptionSettings GetDataCatalogExportConfiguration GetDataQualityEvaluationConfig \
            GetDataQualityModel GetDataQualityModelResult GetDataQualityResult GetDataQualityResultV2 \
            GetDataQualityRuleRecommendationRun GetDataQualityRuleset GetDataQualityRulesetEvaluationRun GetDatabase \
            GetDatabases GetDataflowGraph GetDevEndpoint GetDevEndpoints GetEntityRecords GetFormType GetGlossary \
            GetGlossaryTerm GetGlueIdentityCenterConfiguration GetIntegrationResourceProperty \
            GetIntegrationTableProperties GetJob GetJobBookmark GetJobRun GetJobRuns GetJobUpgradeAnalysis GetJobs \
            GetMLTaskRun GetMLTaskRuns GetMLTransform GetMLTransforms GetMapping GetMaterializedViewRefreshTaskRun \
            GetPartition GetPartitionIndexes GetPartitions GetPlan GetRegistry GetResourcePolicies GetResourcePolicy \
            GetSchema GetSchemaByDefinition GetSchemaVersion GetSchemaVersionsDiff GetSecurityConfiguration \
            GetSecurityConfigurations GetSession GetSessionEndpoint GetStatement GetSystemLogsForJobRun \
            GetSystemLogsForSession GetTable GetTableOptimizer GetTableVersion GetTableVersions GetTables GetTags \
            GetTrigger GetTriggers GetUnfilteredPartitionMetadata GetUnfilteredPartitionsMetadata \
            GetUnfilteredTableMetadata GetUsageProfile GetUserDefinedFunction GetUserDefinedFunctions GetWorkflow \
            GetWorkflowRun GetWorkflowRunProperties GetWorkflowRuns ImportCatalogToGlue ListAssetTypes \
            ListBlueprints ListColumnStatisticsTaskRuns ListConnectionTypes ListCrawlers ListCrawls \
            ListCustomEntityTypes ListDataQualityEvaluationConfigs ListDataQualityResults ListDataQualityResultsV2 \
            ListDataQualityRuleRecommendationRuns ListDataQualityRulesetEvaluationRuns ListDataQualityRulesets \
            ListDataQualityStatisticAnnotations ListDataQualityStatistics ListDevEndpoints ListEntities \
            ListFormTypes ListGlossaries ListGlossaryTerms ListIntegrationResourceProperties \
            ListIntegrationTableProperties ListIterableForms ListJobs ListMLTransforms \
            ListMaterializedViewRefreshTaskRuns ListRegistries ListSchemaVersions ListSchemas ListSessions \
            ListStatements ListTableOptimizerRuns ListTriggers ListUsageProfiles ListWorkflows ModifyIntegration \
            PublishDataQualityResultV2 PutAsset PutAssetType PutAttachment PutDataCatalogEncryptionSettings \
            PutDataCatalogExportConfiguration PutDataQualityProfileAnnotation PutFormType PutResourcePolicy \
            PutSchemaVersionMetadata PutWorkflowRunProperties QuerySchemaVersionMetadata RegisterConnectionType \
            RegisterSchemaVersion RemoveSchemaVersionMetadata ResetJobBookmark ResumeWorkflowRun RunStatement \
            SearchAssets SearchTables StartBlueprintRun StartColumnStatisticsTaskRun \
            StartColumnStatisticsTaskRunSchedule StartCrawler StartCrawlerSchedule \
            StartDataQualityRuleRecommendationRun StartDataQualityRulesetEvaluationRun StartExportLabelsTaskRun \
            StartImportLabelsTaskRun StartJobRun StartJobUpgradeAnalysis StartMLEvaluationTaskRun \
            StartMLLabelingSetGenerationTaskRun StartMaterializedViewRefreshTaskRun StartTrigger StartWorkflowRun \
            StopColumnStatisticsTaskRun StopColumnStatisticsTaskRunSchedule StopCrawler StopCrawlerSchedule \
            StopJobUpgradeAnalysis StopMaterializedViewRefreshTaskRun StopSession StopTrigger StopWorkflowRun \
            TagResource TestConnection UntagResource UpdateAsset UpdateBlueprint UpdateCatalog UpdateClassifier \
            UpdateColumnStatisticsForPartition UpdateColumnStatisticsForTable UpdateColumnStatisticsTaskSettings \
            UpdateConnection UpdateCrawler UpdateCrawlerSchedule UpdateDataQualityEvaluationConfig \
            UpdateDataQualityRuleset UpdateDatabase UpdateDevEndpoint UpdateGlossary UpdateGlossaryTerm \
            UpdateGlueIdentityCenterConfiguration UpdateIntegrationResourceProperty UpdateIntegrationTableProperties \
            UpdateJob UpdateJobFromSourceControl UpdateMLTransform UpdatePartition UpdateRegistry UpdateSchema \
            UpdateSourceControlFromJob UpdateTable UpdateTableOptimizer UpdateTrigger UpdateUsageProfile \
            UpdateUserDefinedFunction UpdateWorkflow
            """,
        "guardduty": """
            AcceptAdministratorInvitation AcceptInvitation ArchiveFindings CreateCustomDetectionRuleAssociation \
            CreateCustomDetectionRuleOrgConfiguration CreateDetector CreateFilter CreateIPSet CreateInvestigation \
            CreateMalwareProtectionPlan CreateMembers CreatePublishingDestination CreateSampleFindings \
            CreateThreatEntitySet CreateThreatIntelSet CreateTrustedEntitySet DeclineInvitations \
            DeleteCustomDetectionRuleAssociation DeleteCustomDetectionRuleOrgConfiguration DeleteDetector \
            DeleteFilter DeleteIPSet DeleteInvitations DeleteMalwareProtectionPlan DeleteMembers \
            DeletePublishingDestination DeleteThreatEntitySet DeleteThreatIntelSet DeleteTrustedEntitySet \
            DescribeMalwareScans DescribeOrganizationConfiguration DescribePublishingDestination \
            DisableOrganizationAdminAccount DisassociateFromAdministratorAccount DisassociateFromMasterAccount \
            DisassociateMembers EnableOrganizationAdminAccount GetAdministratorAccount GetCoverageStatistics \
            GetCustomDetectionRule GetCustomDetectionRuleAssociation GetCustomDetectionRuleOrgConfiguration \
            GetDetector GetFilter GetFindings GetFindingsStatistics GetIPSet GetInvestigation GetInvitationsCount \
            GetMalwareProtectionPlan GetMalwareScan GetMalwareScanSettings GetMasterAccount GetMemberDetectors \
            GetMembers GetOrganizationStatistics GetRemainingFreeTrialDays GetThreatEntitySet GetThreatIntelSet \
            GetTrustedEntitySet GetUsageStatistics InviteMembers ListCoverage ListCustomDetectionRuleAssociations \
            ListCustomDetectionRuleOrgConfigurations ListCustomDetectionRules ListDetectors ListFilters ListFindings \
            ListIPSets ListInvestigationRecords ListInvestigations ListInvitations ListMalwareProtectionPlans \
            ListMalwareScans ListMembers ListOrganizationAdminAccounts ListPublishingDestinations \
            ListTagsForResource ListThreatEntitySets ListThreatIntelSets ListTrustedEntitySets SendObjectMalwareScan \
            StartMalwareScan StartMonitoringMembers StopMonitoringMembers TagResource UnarchiveFindings \
            UntagResource UpdateCustomDetectionRuleAssociation UpdateCustomDetectionRuleOrgConfiguration \
            UpdateDetector UpdateFilter UpdateFindingsFeedback UpdateIPSet UpdateMalwareProtectionPlan \
            UpdateMalwareScanSettings UpdateMemberDetectors UpdateOrganizationConfiguration \
            UpdatePublishingDestination UpdateThreatEntitySet UpdateThreatIntelSet UpdateTrustedEntitySet
            """,
        "iam": """
            AcceptDelegationRequest AcquireRole AddClientIDToOpenIDConnectProvider AddRoleToInstanceProfile \
            AddUserToGroup AssociateDelegationRequest AttachGroupPolicy AttachRolePolicy AttachUserPolicy \
            ChangePassword CreateAccessKey CreateAccountAlias CreateCloudFrontPublicKey CreateDelegationRequest \
            CreateGroup CreateInstanceProfile CreateLoginProfile CreateOpenIDConnectProvider CreatePolicy \
            CreatePolicyVersion CreateRole CreateSAMLProvider CreateServiceLinkedRole \
            CreateServiceSpecificCredential CreateUser CreateVirtualMFADevice DeactivateMFADevice DeleteAccessKey \
            DeleteAccountAlias DeleteAccountPasswordPolicy DeleteCloudFrontPublicKey DeleteGroup DeleteGroupPolicy \
            DeleteInstanceProfile DeleteLoginProfile DeleteOpenIDConnectProvider DeletePolicy DeletePolicyVersion \
            DeleteRole DeleteRolePermissionsBoundary DeleteRolePolicy DeleteSAMLProvider DeleteSSHPublicKey \
            DeleteServerCertificate DeleteServiceLinkedRole DeleteServiceSpecificCredential DeleteSigningCertificate \
            DeleteUser DeleteUserPermissionsBoundary DeleteUserPolicy DeleteVirtualMFADevice DetachGroupPolicy \
            DetachRolePolicy DetachUserPolicy DisableOrganizationsRootCredentialsManagement \
            DisableOrganizationsRootSessions DisableOutboundWebIdentityFederation EnableMFADevice \
            EnableOrganizationsRootCredentialsManagement EnableOrganizationsRootSessions \
            EnableOutboundWebIdentityFederation GenerateCredentialReport GenerateOrganizationsAccessReport \
            GenerateServiceLastAccessedDetails GetAccessKeyLastUsed GetAccountAuthorizationDetails \
            GetAccountPasswordPolicy GetAccountProperties GetAccountSummary GetContextKeysForCustomPolicy \
            GetContextKeysForPrincipalPolicy GetCredentialReport GetDelegationRequest GetGroup GetGroupPolicy \
            GetHumanReadableSummary GetInstanceProfile GetLoginProfile GetMFADevice GetOpenIDConnectProvider \
            GetOrganizationsAccessReport GetOutboundWebIdentityFederationInfo GetPolicy GetPolicyVersion GetRole \
            GetRolePolicy GetRoleTemplateVersion GetSAMLProvider GetSSHPublicKey GetServerCertificate \
            GetServiceLastAccessedDetails GetServiceLastAccessedDetailsWithEntities \
            GetServiceLinkedRoleDeletionStatus GetUser GetUserPolicy ListAccessKeys ListAccountAliases \
            ListAttachedGroupPolicies ListAttachedRolePolicies ListAttachedUserPolicies ListCloudFrontPublicKeys \
            ListDelegationRequests ListEntitiesForPolicy ListGroupPolicies ListGroups ListGroupsForUser \
            ListInstanceProfileTags ListInstanceProfiles ListInstanceProfilesForRole ListMFADeviceTags \
            ListMFADevices ListOpenIDConnectProviderTags ListOpenIDConnectProviders ListOrganizationsFeatures \
            ListPolicies ListPoliciesGrantingServiceAccess ListPolicyTags ListPolicyVersions ListRolePolicies \
            ListRoleTags ListRoles ListSAMLProviderTags ListSAMLProviders ListSSHPublicKeys \
            ListServerCertificateTags ListServerCertificates ListServiceSpecificCredentials ListSigningCertificates \
            ListUserPolicies ListUserTags ListUsers ListVirtualMFADevices PutAccountProperties PutGroupPolicy \
            PutRolePermissionsBoundary PutRolePolicy PutUserPermissionsBoundary PutUserPolicy \
            RejectDelegationRequest RemoveClientIDFromOpenIDConnectProvider RemoveRoleFromInstanceProfile \
            RemoveUserFromGroup ResetServiceSpecificCredential ResyncMFADevice SendDelegationToken \
            SetDefaultPolicyVersion SetSecurityTokenServicePreferences SimulateCustomPolicy SimulatePrincipalPolicy \
            TagInstanceProfile TagMFADevice TagOpenIDConnectProvider TagPolicy TagRole TagSAMLProvider \
            TagServerCertificate TagUser UntagInstanceProfile UntagMFADevice UntagOpenIDConnectProvider UntagPolicy \
            UntagRole UntagSAMLProvider UntagServerCertificate UntagUser UpdateAccessKey UpdateAccountPasswordPolicy \
            UpdateAssumeRolePolicy UpdateDelegationRequest UpdateGroup UpdateLoginProfile \
            UpdateOpenIDConnectProviderThumbprint UpdateRole UpdateRoleDescription UpdateSAMLProvider \
            UpdateSSHPublicKey UpdateServerCertificate UpdateServiceSpecificCredential UpdateSigningCertificate \
            UpdateUser UploadSSHPublicKey UploadServerCertificate UploadSigningCertificate
            """,
        "kms": """
            CancelKeyDeletion ConnectCustomKeyStore CreateAlias CreateCustomKeyStore CreateGrant CreateKey \
            Decapsulate Decrypt DeleteAlias DeleteCustomKeyStore DeleteExpiredKeyMaterial DeleteImportedKeyMaterial \
            DeleteKey DeriveSharedSecret DescribeCustomKeyStores DescribeKey DisableKey DisableKeyRotation \
            DisconnectCustomKeyStore EnableKey EnableKeyRotation Encapsulate Encrypt GenerateDataKey \
            GenerateDataKeyPair GenerateDataKeyPairWithoutPlaintext GenerateDataKeyWithoutPlaintext GenerateMac \
            GenerateRandom GetKeyLastUsage GetKeyPolicy GetKeyRotationStatus GetParametersForImport GetPublicKey \
            ImportKeyMaterial ListAliases ListGrants ListKeyPolicies ListKeyRotations ListKeys ListResourceTags \
            ListRetirableGrants PutKeyPolicy ReEncrypt ReplicateKey RetireGrant RevokeGrant RotateKey \
            RotateKeyOnDemand ScheduleKeyDeletion Sign SynchronizeMultiRegionKey TagResource UntagResource \
            UpdateAlias UpdateCustomKeyStore UpdateKeyDescription UpdatePrimaryRegion Verify VerifyMac
            """,
        "lambda": """
            AddLayerVersionPermission AddPermission CheckpointDurableExecution CreateAlias CreateCapacityProvider \
            CreateCodeSigningConfig CreateEventSourceMapping CreateFunction CreateFunctionUrlConfig DeleteAlias \
            DeleteCapacityProvider DeleteCodeSigningConfig DeleteDurableExecution DeleteEventSourceMapping \
            DeleteFunction DeleteFunctionCodeSigningConfig DeleteFunctionConcurrency DeleteFunctionEventInvokeConfig \
            DeleteFunctionUrlConfig DeleteLayerVersion DeleteProvisionedConcurrencyConfig DeleteResourcePolicy \
            GetAccountSettings GetAlias GetCapacityProvider GetCodeSigningConfig GetDurableExecution \
            GetDurableExecutionHistory GetDurableExecutionState GetEventSourceMapping GetFunction \
            GetFunctionCodeSigningConfig GetFunctionConcurrency GetFunctionConfiguration \
            GetFunctionEventInvokeConfig GetFunctionRecursionConfig GetFunctionScalingConfig GetFunctionUrlConfig \
            GetLayerVersion GetLayerVersionByArn GetLayerVersionPolicy GetPolicy GetProvisionedConcurrencyConfig \
            GetResourcePolicy GetRuntimeManagementConfig Invoke InvokeAsync InvokeExecution InvokeWithResponseStream \
            ListAliases ListCapacityProviders ListCodeSigningConfigs ListDurableExecutionsByFunction \
            ListEventSourceMappings ListFunctionEventInvokeConfigs ListFunctionUrlConfigs \
            ListFunctionVersionsByCapacityProvider ListFunctions ListFunctionsByCodeSigningConfig ListLayerVersions \
            ListLayers ListProvisionedConcurrencyConfigs ListTags ListVersionsByFunction PauseDurableExecution \
            PublishLayerVersion PublishVersion PutFunctionCodeSigningConfig PutFunctionConcurrency \
            PutFunctionEventInvokeConfig PutFunctionRecursionConfig PutFunctionScalingConfig \
            PutProvisionedConcurrencyConfig PutResourcePolicy PutRuntimeManagementConfig \
            RemoveLayerVersionPermission RemovePermission ResumeDurableExecution SendDurableExecutionCallbackFailure \
            SendDurableExecutionCallbackHeartbeat SendDurableExecutionCallbackSuccess StopDurableExecution \
            TagResource UntagResource UpdateAlias UpdateCapacityProvider UpdateCodeSigningConfig \
            UpdateEventSourceMapping UpdateFunctionCode UpdateFunctionConfiguration UpdateFunctionEventInvokeConfig \
            UpdateFunctionUrlConfig
            """,
        "logs": """
            AssociateKmsKey AssociateSourceToS3TableIntegration CancelExportTask CancelImportTask CreateDelivery \
            CreateExportTask CreateImportTask CreateLogAnomalyDetector CreateLogGroup CreateLogStream \
            CreateLookupTable CreateScheduledQuery DeleteAccountPolicy DeleteDataProtectionPolicy DeleteDelivery \
            DeleteDeliveryDestination DeleteDeliveryDestinationPolicy DeleteDeliverySource DeleteDestination \
            DeleteIndexPolicy DeleteIntegration DeleteLogAnomalyDetector DeleteLogGroup DeleteLogStream \
            DeleteLookupTable DeleteMetricFilter DeleteQueryDefinition DeleteResourcePolicy DeleteRetentionPolicy \
            DeleteScheduledQuery DeleteSubscriptionFilter DeleteSyslogConfiguration DeleteTransformer \
            DescribeAccountPolicies DescribeConfigurationTemplates DescribeDeliveries DescribeDeliveryDestinations \
            DescribeDeliverySources DescribeDestinations DescribeExportTasks DescribeFieldIndexes \
            DescribeImportTaskBatches DescribeImportTasks DescribeIndexPolicies DescribeLogGroups DescribeLogStreams \
            DescribeLookupTables DescribeMetricFilters DescribeQueries DescribeQueryDefinitions \
            DescribeResourcePolicies DescribeSubscriptionFilters DisassociateKmsKey \
            DisassociateSourceFromS3TableIntegration FilterLogEvents GetDataProtectionPolicy GetDelivery \
            GetDeliveryDestination GetDeliveryDestinationPolicy GetDeliverySource GetIntegration \
            GetLogAnomalyDetector GetLogEvents GetLogFields GetLogGroupFields GetLogObject GetLogRecord \
            GetLookupTable GetQueryResults GetScheduledQuery GetScheduledQueryHistory GetStorageTierPolicy \
            GetTransformer ListAggregateLogGroupSummaries ListAnomalies ListIntegrations ListLogAnomalyDetectors \
            ListLogGroups ListLogGroupsForQuery ListScheduledQueries ListSourcesForS3TableIntegration \
            ListSyslogConfigurations ListTagsForResource ListTagsLogGroup PutAccountPolicy \
            PutBearerTokenAuthentication PutDataProtectionPolicy PutDeliveryDestination PutDeliveryDestinationPolicy \
            PutDeliverySource PutDestination PutDestinationPolicy PutIndexPolicy PutIntegration PutLogEvents \
            PutLogGroupDeletionProtection PutMetricFilter PutQueryDefinition PutResourcePolicy PutRetentionPolicy \
            PutStorageTierPolicy PutSubscriptionFilter PutSyslogConfiguration PutTransformer StartLiveTail \
            StartQuery StopQuery TagLogGroup TagResource TestMetricFilter TestTransformer UntagLogGroup \
            UntagResource UpdateAnomaly UpdateDeliveryConfiguration UpdateLogAnomalyDetector UpdateLookupTable \
            UpdateScheduledQuery
            """,
        "macie2": """
            AcceptInvitation BatchGetCustomDataIdentifiers BatchUpdateAutomatedDiscoveryAccounts CreateAllowList \
            CreateClassificationJob CreateCustomDataIdentifier CreateFindingsFilter CreateInvitations CreateMember \
            CreateSampleFindings DeclineInvitations DeleteAllowList DeleteCustomDataIdentifier DeleteFindingsFilter \
            DeleteInvitations DeleteMember DescribeBuckets DescribeClassificationJob \
            DescribeOrganizationConfiguration DisableMacie DisableOrganizationAdminAccount \
            DisassociateFromAdministratorAccount DisassociateFromMasterAccount DisassociateMember EnableMacie \
            EnableOrganizationAdminAccount GetAdministratorAccount GetAllowList GetAutomatedDiscoveryConfiguration \
            GetBucketStatistics GetClassificationExportConfiguration GetClassificationScope GetCustomDataIdentifier \
            GetFindingStatistics GetFindings GetFindingsFilter GetFindingsPublicationConfiguration \
            GetInvitationsCount GetMacieSession GetMasterAccount GetMember GetResourceProfile GetRevealConfiguration \
            GetSensitiveDataOccurrences GetSensitiveDataOccurrencesAvailability GetSensitivityInspectionTemplate \
            GetUsageStatistics GetUsageTotals ListAllowLists ListAutomatedDiscoveryAccounts ListClassificationJobs \
            ListClassificationScopes ListCustomDataIdentifiers ListFindings ListFindingsFilters ListInvitations \
            ListManagedDataIdentifiers ListMembers ListOrganizationAdminAccounts ListResourceProfileArtifacts \
            ListResourceProfileDetections ListSensitivityInspectionTemplates ListTagsForResource \
            PutClassificationExportConfiguration PutFindingsPublicationConfiguration SearchResources TagResource \
            TestCustomDataIdentifier UntagResource UpdateAllowList UpdateAutomatedDiscoveryConfiguration \
            UpdateClassificationJob UpdateClassificationScope UpdateFindingsFilter UpdateMacieSession \
            UpdateMemberSession UpdateOrganizationConfiguration UpdateResourceProfile \
            UpdateResourceProfileDetections UpdateRevealConfiguration UpdateSensitivityInspectionTemplate
            """,
        "monitoring": """
            AssociateDatasetKmsKey CreateResourceMetricsConfiguration DeleteAlarmMuteRule DeleteAlarms \
            DeleteAnomalyDetector DeleteDashboards DeleteInsightRules DeleteMetricDataQueryDefinition \
            DeleteMetricStream DeleteResourceMetricsConfiguration DescribeAlarmContributors DescribeAlarmHistory \
            DescribeAlarms DescribeAlarmsForMetric DescribeAnomalyDetectors DescribeInsightRules DisableAlarmActions \
            DisableInsightRules DisassociateDatasetKmsKey EnableAlarmActions EnableInsightRules GetAlarmMuteRule \
            GetDashboard GetDataset GetInsightRuleReport GetMetricData GetMetricDataQueryDefinition \
            GetMetricStatistics GetMetricStream GetMetricWidgetImage GetOTelEnrichment \
            GetResourceMetricsConfiguration ListAlarmMuteRules ListDashboards ListManagedInsightRules \
            ListMetricDataQueryDefinitions ListMetricStreams ListMetrics ListTagsForResource PutAlarmMuteRule \
            PutAnomalyDetector PutCompositeAlarm PutDashboard PutInsightRule PutLogAlarm PutManagedInsightRules \
            PutMetricAlarm PutMetricData PutMetricDataQueryDefinition PutMetricStream SetAlarmState \
            StartMetricStreams StartOTelEnrichment StopMetricStreams StopOTelEnrichment TagResource UntagResource \
            UpdateOTelEnrichment UpdateResourceMetricsConfiguration
            """,
        "organizations": """
            AcceptHandshake AttachPolicy CancelHandshake CloseAccount CreateAccount CreateAccountResult \
            CreateGovCloudAccount CreateOrganization CreateOrganizationalUnit CreatePolicy DeclineHandshake \
            DeleteOrganization DeleteOrganizationalUnit DeletePolicy DeleteResourcePolicy \
            DeregisterDelegatedAdministrator DescribeAccount DescribeCreateAccountStatus DescribeEffectivePolicy \
            DescribeHandshake DescribeOrganization DescribeOrganizationalUnit DescribePolicy DescribeResourcePolicy \
            DescribeResponsibilityTransfer DetachPolicy DisableAWSServiceAccess DisablePolicyType \
            EnableAWSServiceAccess EnableAllFeatures EnablePolicyType InviteAccountToOrganization \
            InviteOrganizationToTransferResponsibility LeaveOrganization ListAWSServiceAccessForOrganization \
            ListAccounts ListAccountsForParent ListAccountsWithInvalidEffectivePolicy ListChildren \
            ListCreateAccountStatus ListDelegatedAdministrators ListDelegatedServicesForAccount \
            ListEffectivePolicyValidationErrors ListHandshakesForAccount ListHandshakesForOrganization \
            ListInboundResponsibilityTransfers ListOrganizationalUnitsForParent ListOutboundResponsibilityTransfers \
            ListParents ListPolicies ListPoliciesForTarget ListRoots ListTagsForResource ListTargetsForPolicy \
            MoveAccount PutResourcePolicy RegisterDelegatedAdministrator RemoveAccountFromOrganization TagResource \
            TerminateResponsibilityTransfer UntagResource UpdateOrganizationalUnit UpdatePolicy \
            UpdateResponsibilityTransfer
            """,
        "rds": """
            AddRoleToDBCluster AddRoleToDBInstance AddSourceIdentifierToSubscription AddTagsToResource \
            ApplyPendingMaintenanceAction AuthorizeDBSecurityGroupIngress BacktrackDBCluster \
            CancelDBCapacityReservation CancelExportTask CopyDBClusterParameterGroup CopyDBClusterSnapshot \
            CopyDBParameterGroup CopyDBSnapshot CopyOptionGroup CreateBlueGreenDeployment \
            CreateCustomDBEngineVersion CreateDBCapacityReservation CreateDBCluster CreateDBClusterEndpoint \
            CreateDBClusterParameterGroup CreateDBClusterSnapshot CreateDBInstance CreateDBInstanceReadReplica \
            CreateDBParameterGroup CreateDBProxy CreateDBProxyEndpoint CreateDBSecurityGroup CreateDBShardGroup \
            CreateDBSnapshot CreateDBSubnetGroup CreateEventSubscription CreateGlobalCluster CreateIntegration \
            CreateOptionGroup CreateTenantDatabase DeleteBlueGreenDeployment DeleteCustomDBEngineVersion \
            DeleteDBCluster DeleteDBClusterAutomatedBackup DeleteDBClusterEndpoint DeleteDBClusterParameterGroup \
            DeleteDBClusterSnapshot DeleteDBInstance DeleteDBInstanceAutomatedBackup DeleteDBParameterGroup \
            DeleteDBProxy DeleteDBProxyEndpoint DeleteDBSecurityGroup DeleteDBShardGroup DeleteDBSnapshot \
            DeleteDBSubnetGroup DeleteEventSubscription DeleteGlobalCluster DeleteIntegration DeleteOptionGroup \
            DeleteTenantDatabase DeregisterDBProxyTargets DescribeAccountAttributes DescribeBlueGreenDeployments \
            DescribeCertificates DescribeDBCapacityReservations DescribeDBClusterAutomatedBackups \
            DescribeDBClusterBacktracks DescribeDBClusterEndpoints DescribeDBClusterParameterGroups \
            DescribeDBClusterParameters DescribeDBClusterSnapshotAttributes DescribeDBClusterSnapshots \
            DescribeDBClusters DescribeDBEngineVersions DescribeDBInstanceAutomatedBackups DescribeDBInstances \
            DescribeDBLogFiles DescribeDBMajorEngineVersions DescribeDBParameterGroups DescribeDBParameters \
            DescribeDBProxies DescribeDBProxyEndpoints DescribeDBProxyTargetGroups DescribeDBProxyTargets \
            DescribeDBRecommendations DescribeDBSecurityGroups DescribeDBShardGroups DescribeDBSnapshotAttributes \
            DescribeDBSnapshotTenantDatabases DescribeDBSnapshots DescribeDBSubnetGroups \
            DescribeEngineDefaultClusterParameters DescribeEngineDefaultParameters DescribeEventCategories \
            DescribeEventSubscriptions DescribeEvents DescribeExportTasks DescribeGlobalClusters \
            DescribeIntegrations DescribeOptionGroupOptions DescribeOptionGroups DescribeOrderableDBInstanceOptions \
            DescribePendingMaintenanceActions DescribeReservedDBInstances DescribeReservedDBInstancesOfferings \
            DescribeServerlessV2PlatformVersions DescribeSourceRegions DescribeTenantDatabases \
            DescribeValidDBInstanceModifications DisableHttpEndpoint DownloadDBLogFilePortion EnableHttpEndpoint \
            FailoverDBCluster FailoverGlobalCluster ListTagsForResource ModifyActivityStream ModifyCertificates \
            ModifyCurrentDBClusterCapacity ModifyCustomDBEngineVersion ModifyDBCapacityReservation ModifyDBCluster \
            ModifyDBClusterEndpoint ModifyDBClusterParameterGroup ModifyDBClusterSnapshotAttribute ModifyDBInstance \
            ModifyDBParameterGroup ModifyDBProxy ModifyDBProxyEndpoint ModifyDBProxyTargetGroup \
            ModifyDBRecommendation ModifyDBShardGroup ModifyDBSnapshot ModifyDBSnapshotAttribute ModifyDBSubnetGroup \
            ModifyEventSubscription ModifyGlobalCluster ModifyIntegration ModifyOptionGroup ModifyTenantDatabase \
            PromoteReadReplica PromoteReadReplicaDBCluster PurchaseReservedDBInstancesOffering RebootDBCluster \
            RebootDBInstance RebootDBShardGroup RegisterDBProxyTargets RemoveFromGlobalCluster \
            RemoveRoleFromDBCluster RemoveRoleFromDBInstance RemoveSourceIdentifierFromSubscription \
            RemoveTagsFromResource ResetDBClusterParameterGroup ResetDBParameterGroup RestoreDBClusterFromS3 \
            RestoreDBClusterFromSnapshot RestoreDBClusterToPointInTime RestoreDBInstanceFromDBSnapshot \
            RestoreDBInstanceFromS3 RestoreDBInstanceToPointInTime RevokeDBSecurityGroupIngress StartActivityStream \
            StartDBCluster StartDBInstance StartDBInstanceAutomatedBackupsReplication StartExportTask \
            StopActivityStream StopDBCluster StopDBInstance StopDBInstanceAutomatedBackupsReplication \
            SwitchoverBlueGreenDeployment SwitchoverGlobalCluster SwitchoverReadReplica
            """,
        "redshift": """
            AcceptReservedNodeExchange AddPartner AssociateDataShareConsumer AuthorizeClusterSecurityGroupIngress \
            AuthorizeDataShare AuthorizeEndpointAccess AuthorizeSnapshotAccess BatchDeleteClusterSnapshots \
            BatchModifyClusterSnapshots CancelResize CopyClusterSnapshot CreateAuthenticationProfile CreateCluster \
            CreateClusterParameterGroup CreateClusterSecurityGroup CreateClusterSnapshot CreateClusterSubnetGroup \
            CreateCustomDomainAssociation CreateEndpointAccess CreateEventSubscription CreateHsmClientCertificate \
            CreateHsmConfiguration CreateIntegration CreateQev2IdcApplication CreateRedshiftIdcApplication \
            CreateScheduledAction CreateSnapshotCopyGrant CreateSnapshotSchedule CreateTags CreateUsageLimit \
            DeauthorizeDataShare DeleteAuthenticationProfile DeleteCluster DeleteClusterParameterGroup \
            DeleteClusterSecurityGroup DeleteClusterSnapshot DeleteClusterSubnetGroup DeleteCustomDomainAssociation \
            DeleteEndpointAccess DeleteEventSubscription DeleteHsmClientCertificate DeleteHsmConfiguration \
            DeleteIntegration DeletePartner DeleteQev2IdcApplication DeleteRedshiftIdcApplication \
            DeleteResourcePolicy DeleteScheduledAction DeleteSnapshotCopyGrant DeleteSnapshotSchedule DeleteTags \
            DeleteUsageLimit DeregisterNamespace DescribeAccountAttributes DescribeAuthenticationProfiles \
            DescribeClusterDbRevisions DescribeClusterParameterGroups DescribeClusterParameters \
            DescribeClusterSecurityGroups DescribeClusterSnapshots DescribeClusterSubnetGroups DescribeClusterTracks \
            DescribeClusterVersions DescribeClusters DescribeCustomDomainAssociations DescribeDataShares \
            DescribeDataSharesForConsumer DescribeDataSharesForProducer DescribeDefaultClusterParameters \
            DescribeEndpointAccess DescribeEndpointAuthorization DescribeEventCategories DescribeEventSubscriptions \
            DescribeEvents DescribeHsmClientCertificates DescribeHsmConfigurations DescribeInboundIntegrations \
            DescribeIntegrations DescribeLoggingStatus DescribeNodeConfigurationOptions \
            DescribeOrderableClusterOptions DescribePartners DescribeQev2IdcApplications \
            DescribeRedshiftIdcApplications DescribeReservedNodeExchangeStatus DescribeReservedNodeOfferings \
            DescribeReservedNodes DescribeResize DescribeScheduledActions DescribeSnapshotCopyGrants \
            DescribeSnapshotSchedules DescribeStorage DescribeTableRestoreStatus DescribeTags DescribeUsageLimits \
            DisableLogging DisableSnapshotCopy DisassociateDataShareConsumer EnableLogging EnableSnapshotCopy \
            FailoverPrimaryCompute GetClusterCredentials GetClusterCredentialsWithIAM GetIdentityCenterAuthToken \
            GetReservedNodeExchangeConfigurationOptions GetReservedNodeExchangeOfferings GetResourcePolicy \
            ListRecommendations ModifyAquaConfiguration ModifyAuthenticationProfile ModifyCluster \
            ModifyClusterDbRevision ModifyClusterIamRoles ModifyClusterMaintenance ModifyClusterParameterGroup \
            ModifyClusterSnapshot ModifyClusterSnapshotSchedule ModifyClusterSubnetGroup \
            ModifyCustomDomainAssociation ModifyEndpointAccess ModifyEventSubscription ModifyIntegration \
            ModifyLakehouseConfiguration ModifyQev2IdcApplication ModifyRedshiftIdcApplication ModifyScheduledAction \
            ModifySnapshotCopyRetentionPeriod ModifySnapshotSchedule ModifyUsageLimit PauseCluster \
            PurchaseReservedNodeOffering PutResourcePolicy RebootCluster RegisterNamespace RejectDataShare \
            ResetClusterParameterGroup ResizeCluster RestoreFromClusterSnapshot RestoreTableFromClusterSnapshot \
            ResumeCluster RevokeClusterSecurityGroupIngress RevokeEndpointAccess RevokeSnapshotAccess \
            RotateEncryptionKey UpdatePartnerStatus
            """,
        "redshift-data": """
            BatchExecuteStatement CancelStatement DescribeStatement DescribeTable ExecuteStatement \
            GetStatementResult GetStatementResultV2 ListDatabases ListSchemas ListSessions ListStatements ListTables
            """,
        "redshift-serverless": """
            ConvertRecoveryPointToSnapshot CreateCustomDomainAssociation CreateEndpointAccess CreateNamespace \
            CreateReservation CreateScheduledAction CreateSnapshot CreateSnapshotCopyConfiguration CreateUsageLimit \
            CreateWorkgroup DeleteCustomDomainAssociation DeleteEndpointAccess DeleteNamespace DeleteResourcePolicy \
            DeleteScheduledAction DeleteSnapshot DeleteSnapshotCopyConfiguration DeleteUsageLimit DeleteWorkgroup \
            GetCredentials GetCustomDomainAssociation GetEndpointAccess GetIdentityCenterAuthToken GetNamespace \
            GetRecoveryPoint GetReservation GetReservationOffering GetResourcePolicy GetScheduledAction GetSnapshot \
            GetTableRestoreStatus GetTrack GetUsageLimit GetWorkgroup ListCustomDomainAssociations \
            ListEndpointAccess ListManagedWorkgroups ListNamespaces ListRecoveryPoints ListReservationOfferings \
            ListReservations ListScheduledActions ListSnapshotCopyConfigurations ListSnapshots \
            ListTableRestoreStatus ListTagsForResource ListTracks ListUsageLimits ListWorkgroups PutResourcePolicy \
            RestoreFromRecoveryPoint RestoreFromSnapshot RestoreTableFromRecoveryPoint RestoreTableFromSnapshot \
            TagResource UntagResource UpdateCustomDomainAssociation UpdateEndpointAccess \
            UpdateLakehouseConfiguration UpdateNamespace UpdateScheduledAction UpdateSnapshot \
            UpdateSnapshotCopyConfiguration UpdateUsageLimit UpdateWorkgroup
            """,
        "rolesanywhere": """
            CreateProfile CreateTrustAnchor DeleteAttributeMapping DeleteCrl DeleteProfile DeleteTrustAnchor \
            DisableCrl DisableProfile DisableTrustAnchor EnableCrl EnableProfile EnableTrustAnchor GetCrl GetProfile \
            GetSubject GetTrustAnchor ImportCrl ListCrls ListProfiles ListSubjects ListTagsForResource \
            ListTrustAnchors PutAttributeMapping PutNotificationSettings ResetNotificationSettings TagResource \
            UntagResource UpdateCrl UpdateProfile UpdateTrustAnchor
            """,
        "route53": """
            ActivateKeySigningKey AssociateVPCWithHostedZone ChangeCidrCollection ChangeResourceRecordSets \
            ChangeTagsForResource CreateCidrCollection CreateHealthCheck CreateHostedZone CreateKeySigningKey \
            CreateQueryLoggingConfig CreateResourceRecordSetProtections CreateReusableDelegationSet \
            CreateTrafficPolicy CreateTrafficPolicyInstance CreateTrafficPolicyVersion \
            CreateVPCAssociationAuthorization DeactivateKeySigningKey DeleteCidrCollection DeleteHealthCheck \
            DeleteHostedZone DeleteKeySigningKey DeleteQueryLoggingConfig DeleteResourceRecordSetProtections \
            DeleteReusableDelegationSet DeleteTrafficPolicy DeleteTrafficPolicyInstance \
            DeleteVPCAssociationAuthorization DisableHostedZoneDNSSEC DisassociateVPCFromHostedZone \
            EnableHostedZoneDNSSEC GetAccountLimit GetChange GetCheckerIpRanges GetDNSSEC GetGeoLocation \
            GetHealthCheck GetHealthCheckCount GetHealthCheckLastFailureReason GetHealthCheckStatus GetHostedZone \
            GetHostedZoneCount GetHostedZoneLimit GetQueryLoggingConfig GetReusableDelegationSet \
            GetReusableDelegationSetLimit GetTrafficPolicy GetTrafficPolicyInstance GetTrafficPolicyInstanceCount \
            ListCidrBlocks ListCidrCollections ListCidrLocations ListGeoLocations ListHealthChecks ListHostedZones \
            ListHostedZonesByName ListHostedZonesByVPC ListQueryLoggingConfigs ListResourceRecordSetProtections \
            ListResourceRecordSets ListReusableDelegationSets ListTagsForResource ListTagsForResources \
            ListTrafficPolicies ListTrafficPolicyInstances ListTrafficPolicyInstancesByHostedZone \
            ListTrafficPolicyInstancesByPolicy ListTrafficPolicyVersions ListVPCAssociationAuthorizations \
            TestDNSAnswer UpdateHealthCheck UpdateHostedZoneComment UpdateHostedZoneFeatures \
            UpdateTrafficPolicyComment UpdateTrafficPolicyInstance
            """,
        "route53domains": """
            AcceptDomainTransferFromAnotherAwsAccount AssociateDelegationSignerToDomain \
            CancelDomainTransferToAnotherAwsAccount CheckDomainAvailability CheckDomainTransferability DeleteDomain \
            DeleteTagsForDomain DisableDomainAutoRenew DisableDomainTransferLock \
            DisassociateDelegationSignerFromDomain EnableDomainAutoRenew EnableDomainTransferLock \
            GetContactReachabilityStatus GetDomainDetail GetDomainPrices GetDomainSuggestions GetOperationDetail \
            ListDomains ListOperations ListPrices ListTagsForDomain PushDomain RegisterDomain \
            RejectDomainTransferFromAnotherAwsAccount RenewDomain ResendContactReachabilityEmail \
            ResendOperationAuthorization RestoreDomain RetrieveDomainAuthCode TransferDomain \
            TransferDomainToAnotherAwsAccount UpdateDomainContact UpdateDomainContactPrivacy UpdateDomainNameservers \
            UpdateTagsForDomain ViewBilling
            """,
        "route53resolver": """
            AssociateFirewallRuleGroup AssociateResolverEndpointIpAddress AssociateResolverQueryLogConfig \
            AssociateResolverRule BatchCreateFirewallRule BatchDeleteFirewallRule BatchUpdateFirewallRule \
            CreateFirewallDomainList CreateFirewallRule CreateFirewallRuleGroup CreateOutpostResolver \
            CreateResolverEndpoint CreateResolverQueryLogConfig CreateResolverRule DeleteFirewallDomainList \
            DeleteFirewallRule DeleteFirewallRuleGroup DeleteOutpostResolver DeleteResolverEndpoint \
            DeleteResolverQueryLogConfig DeleteResolverRule DisassociateFirewallRuleGroup \
            DisassociateResolverEndpointIpAddress DisassociateResolverQueryLogConfig DisassociateResolverRule \
            GetFirewallConfig GetFirewallDomainList GetFirewallRuleGroup GetFirewallRuleGroupAssociation \
            GetFirewallRuleGroupPolicy GetOutpostResolver GetResolverConfig GetResolverDnssecConfig \
            GetResolverEndpoint GetResolverQueryLogConfig GetResolverQueryLogConfigAssociation \
            GetResolverQueryLogConfigPolicy GetResolverRule GetResolverRuleAssociation GetResolverRulePolicy \
            ImportFirewallDomains ListFirewallConfigs ListFirewallDomainLists ListFirewallDomains \
            ListFirewallRuleGroupAssociations ListFirewallRuleGroups ListFirewallRuleTypes ListFirewallRules \
            ListOutpostResolvers ListResolverConfigs ListResolverDnssecConfigs ListResolverEndpointIpAddresses \
            ListResolverEndpoints ListResolverQueryLogConfigAssociations ListResolverQueryLogConfigs \
            ListResolverRuleAssociations ListResolverRules ListTagsForResource PutFirewallRuleGroupPolicy \
            PutResolverQueryLogConfigPolicy PutResolverRulePolicy TagResource UntagResource UpdateFirewallConfig \
            UpdateFirewallDomains UpdateFirewallRule UpdateFirewallRuleGroupAssociation UpdateOutpostResolver \
            UpdateResolverConfig UpdateResolverDnssecConfig UpdateResolverEndpoint UpdateResolverRule
            """,
        "s3": """
            AbortMultipartUpload AssociateAccessGrantsIdentityCenter BucketOwnershipControls CompleteMultipartUpload \
            CopyObject CreateAccessGrant CreateAccessGrantsInstance CreateAccessGrantsLocation CreateAccessPoint \
            CreateAccessPointForObjectLambda CreateBucket CreateBucketMetadataConfiguration \
            CreateBucketMetadataTableConfiguration CreateJob CreateMultiRegionAccessPoint CreateMultipartUpload \
            CreateSession CreateStorageLensGroup DeleteAccessGrant DeleteAccessGrantsInstance \
            DeleteAccessGrantsInstanceResourcePolicy DeleteAccessGrantsLocation DeleteAccessPoint \
            DeleteAccessPointForObjectLambda DeleteAccessPointPolicy DeleteAccessPointPolicyForObjectLambda \
            DeleteAccessPointScope DeleteAccountPublicAccessBlock DeleteBucket DeleteBucketAnalyticsConfiguration \
            DeleteBucketCors DeleteBucketEncryption DeleteBucketIntelligentTieringConfiguration \
            DeleteBucketInventoryConfiguration DeleteBucketLifecycle DeleteBucketLifecycleConfiguration \
            DeleteBucketMetadataConfiguration DeleteBucketMetadataTableConfiguration \
            DeleteBucketMetricsConfiguration DeleteBucketOwnershipControls DeleteBucketPolicy \
            DeleteBucketPublicAccessBlock DeleteBucketReplication DeleteBucketTagging DeleteBucketWebsite \
            DeleteJobTagging DeleteMultiRegionAccessPoint DeleteObject DeleteObjectAnnotation DeleteObjectTagging \
            DeleteObjects DeletePublicAccessBlock DeleteStorageLensConfiguration \
            DeleteStorageLensConfigurationTagging DeleteStorageLensGroup DescribeJob \
            DescribeMultiRegionAccessPointOperation DissociateAccessGrantsIdentityCenter GetAccessGrant \
            GetAccessGrantsInstance GetAccessGrantsInstanceForPrefix GetAccessGrantsInstanceResourcePolicy \
            GetAccessGrantsLocation GetAccessPoint GetAccessPointConfigurationForObjectLambda \
            GetAccessPointForObjectLambda GetAccessPointPolicy GetAccessPointPolicyForObjectLambda \
            GetAccessPointPolicyStatus GetAccessPointPolicyStatusForObjectLambda GetAccessPointScope \
            GetAccountPublicAccessBlock GetBucket GetBucketAbac GetBucketAccelerateConfiguration GetBucketAcl \
            GetBucketAnalyticsConfiguration GetBucketCors GetBucketEncryption \
            GetBucketIntelligentTieringConfiguration GetBucketInventoryConfiguration GetBucketLifecycle \
            GetBucketLifecycleConfiguration GetBucketLocation GetBucketLogging GetBucketMetadataConfiguration \
            GetBucketMetadataTableConfiguration GetBucketMetricsConfiguration GetBucketNotification \
            GetBucketNotificationConfiguration GetBucketObjectLockConfiguration GetBucketOwnershipControls \
            GetBucketPolicy GetBucketPolicyStatus GetBucketPublicAccessBlock GetBucketReplication \
            GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite GetDataAccess \
            GetJobTagging GetMultiRegionAccessPoint GetMultiRegionAccessPointPolicy \
            GetMultiRegionAccessPointPolicyStatus GetMultiRegionAccessPointRoutes GetObject GetObjectAcl \
            GetObjectAnnotation GetObjectAttributes GetObjectLegalHold GetObjectLockConfiguration GetObjectRetention \
            GetObjectTagging GetObjectTorrent GetPublicAccessBlock GetStorageLensConfiguration \
            GetStorageLensConfigurationTagging GetStorageLensGroup HeadBucket HeadObject ListAccessGrants \
            ListAccessGrantsInstances ListAccessGrantsLocations ListAccessPoints ListAccessPointsForDirectoryBuckets \
            ListAccessPointsForObjectLambda ListBucketAnalyticsConfigurations \
            ListBucketIntelligentTieringConfigurations ListBucketInventoryConfigurations \
            ListBucketMetricsConfigurations ListBuckets ListCallerAccessGrants ListDirectoryBuckets ListJobs \
            ListMultiRegionAccessPoints ListMultipartUploads ListObjectAnnotations ListObjectVersions ListObjects \
            ListObjectsV2 ListParts ListRegionalBuckets ListStorageLensConfigurations ListStorageLensGroups \
            ListTagsForResource PutAccessGrantsInstanceResourcePolicy PutAccessPointConfigurationForObjectLambda \
            PutAccessPointPolicy PutAccessPointPolicyForObjectLambda PutAccessPointScope PutAccountPublicAccessBlock \
            PutBucketAbac PutBucketAccelerateConfiguration PutBucketAcl PutBucketAnalyticsConfiguration \
            PutBucketCors PutBucketEncryption PutBucketIntelligentTieringConfiguration \
            PutBucketInventoryConfiguration PutBucketLifecycle PutBucketLifecycleConfiguration PutBucketLogging \
            PutBucketMetricsConfiguration PutBucketNotification PutBucketNotificationConfiguration \
            PutBucketObjectLockConfiguration PutBucketOwnershipControls PutBucketPolicy PutBucketPublicAccessBlock \
            PutBucketReplication PutBucketRequestPayment PutBucketTagging PutBucketVersioning PutBucketWebsite \
            PutJobTagging PutMultiRegionAccessPointPolicy PutObject PutObjectAcl PutObjectAnnotation \
            PutObjectLegalHold PutObjectLockConfiguration PutObjectRetention PutObjectTagging PutPublicAccessBlock \
            PutStorageLensConfiguration PutStorageLensConfigurationTagging RenameObject RestoreObject \
            SelectObjectContent SubmitMultiRegionAccessPointRoutes TagResource UntagResource \
            UpdateAccessGrantsLocation UpdateBucketMetadataAnnotationTableConfiguration \
            UpdateBucketMetadataInventoryTableConfiguration UpdateBucketMetadataJournalTableConfiguration \
            UpdateJobPriority UpdateJobStatus UpdateObjectEncryption UpdateStorageLensGroup UploadPart \
            UploadPartCopy WriteGetObjectResponse
            """,
        "sagemaker": """
            AddAssociation AddTags AssociateTrialComponent AttachClusterNodeNetworkInterface AttachClusterNodeVolume \
            BatchAddClusterNodes BatchDeleteClusterNodes BatchDescribeModelPackage BatchRebootClusterNodes \
            BatchReplaceClusterNodes CreateAIBenchmarkJob CreateAIRecommendationJob CreateAIWorkloadConfig \
            CreateAction CreateAlgorithm CreateApp CreateAppImageConfig CreateArtifact CreateAutoMLJob \
            CreateAutoMLJobV2 CreateCluster CreateClusterExtension CreateClusterSchedulerConfig CreateCodeRepository \
            CreateCompilationJob CreateComputeQuota CreateContext CreateDataQualityJobDefinition CreateDeviceFleet \
            CreateDomain CreateEdgeDeploymentPlan CreateEdgeDeploymentStage CreateEdgePackagingJob CreateEndpoint \
            CreateEndpointConfig CreateExperiment CreateFeatureGroup CreateFlowDefinition CreateHub \
            CreateHubContentPresignedUrls CreateHubContentReference CreateHumanTaskUi CreateHyperParameterTuningJob \
            CreateImage CreateImageVersion CreateInferenceComponent CreateInferenceExperiment \
            CreateInferenceRecommendationsJob CreateInferenceRouter CreateJob CreateLabelingJob CreateMlflowApp \
            CreateMlflowTrackingServer CreateModel CreateModelBiasJobDefinition CreateModelCard \
            CreateModelCardExportJob CreateModelExplainabilityJobDefinition CreateModelPackage \
            CreateModelPackageGroup CreateModelQualityJobDefinition CreateMonitoringSchedule CreateNotebookInstance \
            CreateNotebookInstanceLifecycleConfig CreateOptimizationJob CreatePartnerApp \
            CreatePartnerAppPresignedUrl CreatePipeline CreatePresignedDomainUrl CreatePresignedMlflowAppUrl \
            CreatePresignedMlflowTrackingServerUrl CreatePresignedNotebookInstanceUrl CreateProcessingJob \
            CreateProject CreateSpace CreateStudioLifecycleConfig CreateTrainingJob CreateTrainingPlan \
            CreateTrainingSession CreateTransformJob CreateTrial CreateTrialComponent CreateUserProfile \
            CreateWorkforce CreateWorkteam DeleteAIBenchmarkJob DeleteAIRecommendationJob DeleteAIWorkloadConfig \
            DeleteAction DeleteAlgorithm DeleteApp DeleteAppImageConfig DeleteArtifact DeleteAssociation \
            DeleteCluster DeleteClusterExtension DeleteClusterSchedulerConfig DeleteCodeRepository \
            DeleteCompilationJob DeleteComputeQuota DeleteContext DeleteDataQualityJobDefinition DeleteDeviceFleet \
            DeleteDomain DeleteEdgeDeploymentPlan DeleteEdgeDeploymentStage DeleteEndpoint DeleteEndpointConfig \
            DeleteEndpointPolicy DeleteExperiment DeleteFeatureGroup DeleteFlowDefinition DeleteHub DeleteHubContent \
            DeleteHubContentReference DeleteHumanTaskUi DeleteHyperParameterTuningJob DeleteImage DeleteImageVersion \
            DeleteInferenceComponent DeleteInferenceExperiment DeleteInferenceRouter DeleteJob DeleteMlflowApp \
            DeleteMlflowTrackingServer DeleteModel DeleteModelBiasJobDefinition DeleteModelCard \
            DeleteModelExplainabilityJobDefinition DeleteModelPackage DeleteModelPackageGroup \
            DeleteModelPackageGroupPolicy DeleteModelQualityJobDefinition DeleteMonitoringSchedule \
            DeleteNotebookInstance DeleteNotebookInstanceLifecycleConfig DeleteOptimizationJob DeletePartnerApp \
            DeletePipeline DeleteProcessingJob DeleteProject DeleteSpace DeleteStudioLifecycleConfig DeleteTags \
            DeleteTrainingJob DeleteTrainingSession DeleteTrial DeleteTrialComponent DeleteUserProfile \
            DeleteWorkforce DeleteWorkteam DeregisterDevices DescribeAIBenchmarkJob DescribeAIRecommendationJob \
            DescribeAIWorkloadConfig DescribeAction DescribeAlgorithm DescribeApp DescribeAppImageConfig \
            DescribeArtifact DescribeAutoMLJob DescribeAutoMLJobV2 DescribeCluster DescribeClusterEvent \
            DescribeClusterExtension DescribeClusterNode DescribeClusterOperation DescribeClusterSchedulerConfig \
            DescribeCodeRepository DescribeCompilationJob DescribeComputeQuota DescribeContext \
            DescribeDataQualityJobDefinition DescribeDevice DescribeDeviceFleet DescribeDomain \
            DescribeEdgeDeploymentPlan DescribeEdgePackagingJob DescribeEndpoint DescribeEndpointConfig \
            DescribeExperiment DescribeFeatureGroup DescribeFeatureMetadata DescribeFlowDefinition DescribeHub \
            DescribeHubContent DescribeHumanTaskUi DescribeHyperParameterTuningJob DescribeImage \
            DescribeImageVersion DescribeInferenceComponent DescribeInferenceExperiment \
            DescribeInferenceRecommendationsJob DescribeInferenceRouter DescribeJob DescribeJobSchemaVersion \
            DescribeLabelingJob DescribeLineageGroup DescribeMlflowApp DescribeMlflowTrackingServer DescribeModel \
            DescribeModelBiasJobDefinition DescribeModelCard DescribeModelCardExportJob \
            DescribeModelExplainabilityJobDefinition DescribeModelPackage DescribeModelPackageGroup \
            DescribeModelQualityJobDefinition DescribeMonitoringSchedule DescribeNotebookInstance \
            DescribeNotebookInstanceLifecycleConfig DescribeOptimizationJob DescribePartnerApp DescribePipeline \
            DescribePipelineDefinitionForExecution DescribePipelineExecution DescribeProcessingJob DescribeProject \
            DescribeReservedCapacity DescribeSpace DescribeStudioLifecycleConfig DescribeSubscribedWorkteam \
            DescribeTrainingJob DescribeTrainingPlan DescribeTrainingPlanExtensionHistory DescribeTrainingSession \
            DescribeTransformJob DescribeTrial DescribeTrialComponent DescribeUserProfile DescribeWorkforce \
            DescribeWorkteam DetachClusterNodeVolume DisableSagemakerServicecatalogPortfolio \
            DisassociateTrialComponent EnableSagemakerServicecatalogPortfolio ExtendTrainingPlan \
            GetDeviceFleetReport GetEndpointPolicy GetLineageGroupPolicy GetModelPackageGroupPolicy \
            GetSagemakerServicecatalogPortfolioStatus GetScalingConfigurationRecommendation GetSearchSuggestions \
            ImportHubContent ListAIBenchmarkJobs ListAIRecommendationJobs ListAIWorkloadConfigs ListActions \
            ListAlgorithms ListAliases ListAppImageConfigs ListApps ListArtifacts ListAssociations ListAutoMLJobs \
            ListCandidatesForAutoMLJob ListClusterEvents ListClusterExtensionVersions ListClusterExtensions \
            ListClusterNodes ListClusterOperations ListClusterSchedulerConfigs ListClusters ListCodeRepositories \
            ListCompilationJobs ListComputeQuotas ListContexts ListDataQualityJobDefinitions ListDeviceFleets \
            ListDevices ListDomains ListEdgeDeploymentPlans ListEdgePackagingJobs ListEndpointConfigs ListEndpoints \
            ListExperiments ListFeatureGroups ListFlowDefinitions ListHubContentVersions ListHubContents ListHubs \
            ListHumanTaskUis ListHyperParameterTuningJobs ListImageVersions ListImages ListInferenceComponents \
            ListInferenceExperiments ListInferenceRecommendationsJobSteps ListInferenceRecommendationsJobs \
            ListInferenceRouters ListJobSchemaVersions ListJobs ListLabelingJobs ListLabelingJobsForWorkteam \
            ListLineageGroups ListMlflowApps ListMlflowTrackingServers ListModelBiasJobDefinitions \
            ListModelCardExportJobs ListModelCardVersions ListModelCards ListModelExplainabilityJobDefinitions \
            ListModelMetadata ListModelPackageGroups ListModelPackages ListModelQualityJobDefinitions ListModels \
            ListMonitoringAlertHistory ListMonitoringAlerts ListMonitoringExecutions ListMonitoringSchedules \
            ListNotebookInstanceLifecycleConfigs ListNotebookInstances ListOptimizationJobs ListPartnerApps \
            ListPipelineExecutionSteps ListPipelineExecutions ListPipelineParametersForExecution \
            ListPipelineVersions ListPipelines ListProcessingJobs ListProjects ListResourceCatalogs ListSpaces \
            ListStageDevices ListStudioLifecycleConfigs ListSubscribedWorkteams ListTags ListTrainingJobs \
            ListTrainingJobsForHyperParameterTuningJob ListTrainingPlans ListTrainingSessions ListTransformJobs \
            ListTrialComponents ListTrials ListUltraServersByReservedCapacity ListUserProfiles ListWorkforces \
            ListWorkteams PutEndpointPolicy PutModelPackageGroupPolicy QueryLineage RegisterDevices RenderUiTemplate \
            RetryPipelineExecution Search SearchTrainingPlanOfferings SendPipelineExecutionStepFailure \
            SendPipelineExecutionStepSuccess StartClusterHealthCheck StartEdgeDeploymentStage \
            StartInferenceExperiment StartMlflowTrackingServer StartMonitoringSchedule StartNotebookInstance \
            StartPipelineExecution StartSession StopAIBenchmarkJob StopAIRecommendationJob StopAutoMLJob \
            StopCompilationJob StopEdgeDeploymentStage StopEdgePackagingJob StopHyperParameterTuningJob \
            StopInferenceExperiment StopInferenceRecommendationsJob StopJob StopLabelingJob StopMlflowTrackingServer \
            StopMonitoringSchedule StopNotebookInstance StopOptimizationJob StopPipelineExecution StopProcessingJob \
            StopTrainingJob StopTrainingSession StopTransformJob UpdateAction UpdateAppImageConfig UpdateArtifact \
            UpdateCluster UpdateClusterExtension UpdateClusterSchedulerConfig UpdateClusterSoftware \
            UpdateCodeRepository UpdateComputeQuota UpdateContext UpdateDeviceFleet UpdateDevices UpdateDomain \
            UpdateEndpoint UpdateEndpointWeightsAndCapacities UpdateExperiment UpdateFeatureGroup \
            UpdateFeatureMetadata UpdateHub UpdateHubContent UpdateHubContentReference UpdateImage \
            UpdateImageVersion UpdateInferenceComponent UpdateInferenceComponentRuntimeConfig \
            UpdateInferenceExperiment UpdateInferenceRouter UpdateMlflowApp UpdateMlflowTrackingServer \
            UpdateModelCard UpdateModelPackage UpdateMonitoringAlert UpdateMonitoringSchedule UpdateNotebookInstance \
            UpdateNotebookInstanceLifecycleConfig UpdatePartnerApp UpdatePipeline UpdatePipelineExecution \
            UpdatePipelineVersion UpdateProject UpdateSpace UpdateTrainingJob UpdateTrial UpdateTrialComponent \
            UpdateUserProfile UpdateWorkforce UpdateWorkteam
            """,
        "secretsmanager": """
            AssociateCrossAccountReplica BatchGetSecretValue CancelRotateSecret CancelSecretVersionDelete \
            CreateSecret DeleteResourcePolicy DeleteSecret DescribeSecret DisassociateCrossAccountReplica \
            EndSecretVersionDelete GetRandomPassword GetResourcePolicy GetSecretValue ListResourcePolicies \
            ListSecretVersionIds ListSecrets PutResourcePolicy PutSecretValue RemoveRegionsFromReplication \
            ReplicateSecretToRegions RestoreSecret RotateSecret RotationAbandoned RotationFailed RotationStarted \
            RotationSucceeded SecretVersionDeletion StartSecretVersionDelete StopReplicationToReplica TagResource \
            UntagResource UpdateSecret UpdateSecretVersionStage ValidateResourcePolicy
            """,
        "securityhub": """
            AcceptAdministratorInvitation AcceptInvitation BatchDeleteAutomationRules BatchDisableStandards \
            BatchEnableStandards BatchGetAutomationRules BatchGetConfigurationPolicyAssociations \
            BatchGetSecurityControls BatchGetStandardsControlAssociations BatchImportFindings \
            BatchUpdateAutomationRules BatchUpdateFindings BatchUpdateFindingsV2 \
            BatchUpdateStandardsControlAssociations CancelExportJobV2 CreateActionTarget CreateAggregatorV2 \
            CreateAutomationRule CreateAutomationRuleV2 CreateConfigurationPolicy CreateConnector CreateConnectorV2 \
            CreateFindingAggregator CreateInsight CreateMembers CreateTicketV2 DeclineInvitations DeleteActionTarget \
            DeleteAggregatorV2 DeleteAutomationRuleV2 DeleteConfigurationPolicy DeleteConnector DeleteConnectorV2 \
            DeleteFindingAggregator DeleteInsight DeleteInvitations DeleteMembers DescribeActionTargets DescribeHub \
            DescribeOrganizationConfiguration DescribeProducts DescribeProductsV2 DescribeSecurityHubV2 \
            DescribeStandards DescribeStandardsControls DisableImportFindingsForProduct \
            DisableOrganizationAdminAccount DisableSecurityHub DisableSecurityHubFeatureV2 DisableSecurityHubV2 \
            DisassociateFromAdministratorAccount DisassociateFromMasterAccount DisassociateMembers \
            EnableImportFindingsForProduct EnableOrganizationAdminAccount EnableSecurityHub \
            EnableSecurityHubFeatureV2 EnableSecurityHubV2 GenerateRecommendedPolicyV2 GetAdministratorAccount \
            GetAggregatorV2 GetAutomationRuleV2 GetConfigurationPolicy GetConfigurationPolicyAssociation \
            GetConnector GetConnectorV2 GetEnabledStandards GetExportJobV2 GetFindingAggregator GetFindingHistory \
            GetFindingStatisticsV2 GetFindings GetFindingsTrendsV2 GetFindingsV2 GetInsightResults GetInsights \
            GetInvitationsCount GetMasterAccount GetMembers GetRecommendedPolicyV2 GetRemediationsV2 \
            GetResourcesStatisticsV2 GetResourcesTrendsV2 GetResourcesV2 GetSecurityControlDefinition \
            GetSoftwareResourcesV2 GetSoftwareStatisticsV2 GetSoftwareV2 InviteMembers ListAggregatorsV2 \
            ListAutomationRules ListAutomationRulesV2 ListConfigurationPolicies ListConfigurationPolicyAssociations \
            ListConnectors ListConnectorsV2 ListEnabledProductsForImport ListExportJobsV2 \
            ListExposuresByRemediationV2 ListFindingAggregators ListFreeTrialStatusesV2 ListInvitations ListMembers \
            ListOrganizationAdminAccounts ListSecurityControlDefinitions ListStandardsControlAssociations \
            ListTagsForResource RegisterConnectorV2 StartConfigurationPolicyAssociation \
            StartConfigurationPolicyDisassociation StartExportJobV2 TagResource UntagResource UpdateActionTarget \
            UpdateAggregatorV2 UpdateAutomationRuleV2 UpdateConfigurationPolicy UpdateConnector UpdateConnectorV2 \
            UpdateFindingAggregator UpdateFindings UpdateInsight UpdateOrganizationConfiguration \
            UpdateSecurityControl UpdateSecurityHubConfiguration UpdateStandardsControl
            """,
        "ses": """
            AssociateEmailIdentityCertificate BatchGetMetricData CancelExportJob CloneReceiptRuleSet \
            CreateConfigurationSet CreateConfigurationSetEventDestination CreateConfigurationSetTrackingOptions \
            CreateContact CreateContactList CreateCustomVerificationEmailTemplate CreateDedicatedIpPool \
            CreateDeliverabilityTestReport CreateEmailIdentity CreateEmailIdentityPolicy CreateEmailTemplate \
            CreateExportJob CreateImportJob CreateMultiRegionEndpoint CreateReceiptFilter CreateReceiptRule \
            CreateReceiptRuleSet CreateTemplate CreateTenant CreateTenantResourceAssociation DeleteConfigurationSet \
            DeleteConfigurationSetEventDestination DeleteConfigurationSetTrackingOptions DeleteContact \
            DeleteContactList DeleteCustomVerificationEmailTemplate DeleteDedicatedIpPool DeleteEmailIdentity \
            DeleteEmailIdentityPolicy DeleteEmailTemplate DeleteIdentity DeleteIdentityPolicy \
            DeleteMultiRegionEndpoint DeleteReceiptFilter DeleteReceiptRule DeleteReceiptRuleSet \
            DeleteSuppressedDestination DeleteTemplate DeleteTenant DeleteTenantResourceAssociation \
            DeleteVerifiedEmailAddress DescribeActiveReceiptRuleSet DescribeConfigurationSet DescribeReceiptRule \
            DescribeReceiptRuleSet DisassociateEmailIdentityCertificate GetAccount GetAccountSendingEnabled \
            GetBlacklistReports GetConfigurationSet GetConfigurationSetEventDestinations GetContact GetContactList \
            GetCustomVerificationEmailTemplate GetDedicatedIp GetDedicatedIpPool GetDedicatedIps \
            GetDeliverabilityDashboardOptions GetDeliverabilityTestReport GetDomainDeliverabilityCampaign \
            GetDomainStatisticsReport GetEmailAddressInsights GetEmailIdentity GetEmailIdentityPolicies \
            GetEmailTemplate GetExportJob GetIdentityDkimAttributes GetIdentityMailFromDomainAttributes \
            GetIdentityNotificationAttributes GetIdentityPolicies GetIdentityVerificationAttributes GetImportJob \
            GetMessageInsights GetMultiRegionEndpoint GetReputationEntity GetSendQuota GetSendStatistics \
            GetSuppressedDestination GetTemplate GetTenant ListConfigurationSets ListContactLists ListContacts \
            ListCustomVerificationEmailTemplates ListDedicatedIpPools ListDeliverabilityTestReports \
            ListDomainDeliverabilityCampaigns ListEmailIdentities ListEmailIdentityCertificates ListEmailTemplates \
            ListExportJobs ListIdentities ListIdentityPolicies ListImportJobs ListMultiRegionEndpoints \
            ListReceiptFilters ListReceiptRuleSets ListRecommendations ListReputationEntities ListResourceTenants \
            ListSuppressedDestinations ListTagsForResource ListTemplates ListTenantResources ListTenants \
            ListVerifiedEmailAddresses PutAccountDedicatedIpWarmupAttributes PutAccountDetails \
            PutAccountPricingAttributes PutAccountSendingAttributes PutAccountSuppressionAttributes \
            PutAccountVdmAttributes PutConfigurationSetArchivingOptions PutConfigurationSetDeliveryOptions \
            PutConfigurationSetReputationOptions PutConfigurationSetSendingOptions \
            PutConfigurationSetSuppressionOptions PutConfigurationSetTrackingOptions PutConfigurationSetVdmOptions \
            PutDedicatedIpInPool PutDedicatedIpPoolScalingAttributes PutDedicatedIpWarmupAttributes \
            PutDeliverabilityDashboardOption PutEmailIdentityConfigurationSetAttributes \
            PutEmailIdentityDkimAttributes PutEmailIdentityDkimSigningAttributes PutEmailIdentityFeedbackAttributes \
            PutEmailIdentityMailFromAttributes PutIdentityPolicy PutSuppressedDestination \
            PutTenantSuppressionAttributes ReorderReceiptRuleSet SendBounce SendBulkEmail SendBulkTemplatedEmail \
            SendCustomVerificationEmail SendEmail SendRawEmail SendTemplatedEmail SetActiveReceiptRuleSet \
            SetIdentityDkimEnabled SetIdentityFeedbackForwardingEnabled SetIdentityHeadersInNotificationsEnabled \
            SetIdentityMailFromDomain SetIdentityNotificationTopic SetReceiptRulePosition TagResource \
            TestRenderEmailTemplate TestRenderTemplate UntagResource UpdateAccountSendingEnabled \
            UpdateConfigurationSet UpdateConfigurationSetEventDestination \
            UpdateConfigurationSetReputationMetricsEnabled UpdateConfigurationSetSendingEnabled \
            UpdateConfigurationSetTrackingOptions UpdateContact UpdateContactList \
            UpdateCustomVerificationEmailTemplate UpdateEmailIdentityPolicy UpdateEmailTemplate UpdateReceiptRule \
            UpdateReputationEntityCustomerManagedStatus UpdateReputationEntityPolicy UpdateTemplate VerifyDomainDkim \
            VerifyDomainIdentity VerifyEmailAddress VerifyEmailIdentity
            """,
        "signin": """
            AuthorizeOAuth2Access CheckMfa ConsoleLogin CreateBearerToken CreateOAuth2Token CreateOAuth2TokenWithIAM \
            CreateOAuth2TokenWithTokenExchange CredentialChallenge CredentialVerification \
            DeleteConsoleAuthorizationConfiguration DeleteResourcePermissionStatement EmailUpdated ExitRole \
            GetConsoleAuthorizationConfiguration GetResourcePolicy GetSigninToken IntrospectOAuth2TokenWithIAM \
            ListResourcePermissionStatements PasswordRecoveryCompleted PasswordRecoveryRequested PasswordUpdated \
            PutConsoleAuthorizationConfiguration PutResourcePermissionStatement RenewRole RevokeOAuth2TokenWithIAM \
            SwitchRole UpdateEmail UpdatePassword UserAuthentication
            """,
        "sns": """
            AddPermission CheckIfPhoneNumberIsOptedOut ConfirmSubscription CreatePlatformApplication \
            CreatePlatformEndpoint CreateSMSSandboxPhoneNumber CreateTopic DeleteEndpoint DeletePlatformApplication \
            DeleteSMSSandboxPhoneNumber DeleteTopic GetDataProtectionPolicy GetEndpointAttributes \
            GetPlatformApplicationAttributes GetSMSAttributes GetSMSSandboxAccountStatus GetSubscriptionAttributes \
            GetTopicAttributes ListEndpointsByPlatformApplication ListOriginationNumbers ListPhoneNumbersOptedOut \
            ListPlatformApplications ListSMSSandboxPhoneNumbers ListSubscriptions ListSubscriptionsByTopic \
            ListTagsForResource ListTopics OptInPhoneNumber Publish PublishBatch PutDataProtectionPolicy \
            RemovePermission SetEndpointAttributes SetPlatformApplicationAttributes SetSMSAttributes \
            SetSubscriptionAttributes SetTopicAttributes Subscribe TagResource Unsubscribe UntagResource \
            VerifySMSSandboxPhoneNumber
            """,
        "sqs": """
            AddPermission CancelMessageMoveTask ChangeMessageVisibility ChangeMessageVisibilityBatch CreateQueue \
            DeleteMessage DeleteMessageBatch DeleteQueue GetQueueAttributes GetQueueUrl ListDeadLetterSourceQueues \
            ListMessageMoveTasks ListQueueTags ListQueues PurgeQueue ReceiveMessage RemovePermission SendMessage \
            SendMessageBatch SetQueueAttributes StartMessageMoveTask TagQueue UntagQueue
            """,
        "ssm": """
            AddTagsToResource AssociateOpsItemRelatedItem CancelCommand CancelMaintenanceWindowExecution \
            CreateActivation CreateAssociation CreateAssociationBatch CreateCloudConnector CreateDocument \
            CreateMaintenanceWindow CreateOpsItem CreateOpsMetadata CreatePatchBaseline CreateResourceDataSync \
            DeleteActivation DeleteAssociation DeleteCloudConnector DeleteDocument DeleteInventory \
            DeleteMaintenanceWindow DeleteOpsItem DeleteOpsMetadata DeleteParameter DeleteParameters \
            DeletePatchBaseline DeleteResourceDataSync DeleteResourcePolicy \
            DeregisterDefaultHostManagementConfiguration DeregisterManagedInstance \
            DeregisterPatchBaselineForPatchGroup DeregisterTargetFromMaintenanceWindow \
            DeregisterTaskFromMaintenanceWindow DescribeActivations DescribeAssociation \
            DescribeAssociationExecutionTargets DescribeAssociationExecutions DescribeAutomationExecutions \
            DescribeAutomationStepExecutions DescribeAvailablePatches DescribeDocument DescribeDocumentPermission \
            DescribeEffectiveInstanceAssociations DescribeEffectivePatchesForPatchBaseline \
            DescribeInstanceAssociationsStatus DescribeInstanceInformation DescribeInstancePatchStates \
            DescribeInstancePatchStatesForPatchGroup DescribeInstancePatches DescribeInstanceProperties \
            DescribeInventoryDeletions DescribeMaintenanceWindowExecutionTaskInvocations \
            DescribeMaintenanceWindowExecutionTasks DescribeMaintenanceWindowExecutions \
            DescribeMaintenanceWindowSchedule DescribeMaintenanceWindowTargets DescribeMaintenanceWindowTasks \
            DescribeMaintenanceWindows DescribeMaintenanceWindowsForTarget DescribeOpsItems DescribeParameters \
            DescribePatchBaselines DescribePatchGroupState DescribePatchGroups DescribePatchProperties \
            DescribeSessions DisassociateOpsItemRelatedItem GetAccessToken GetAutomationExecution GetCalendarState \
            GetCloudConnector GetCommandInvocation GetConnectionStatus GetDefaultPatchBaseline \
            GetDeployablePatchSnapshotForInstance GetDocument GetExecutionPreview GetInventory GetInventorySchema \
            GetMaintenanceWindow GetMaintenanceWindowExecution GetMaintenanceWindowExecutionTask \
            GetMaintenanceWindowExecutionTaskInvocation GetMaintenanceWindowTask GetOpsItem GetOpsMetadata \
            GetOpsSummary GetParameter GetParameterHistory GetParameters GetParametersByPath GetPatchBaseline \
            GetPatchBaselineForPatchGroup GetResourcePolicies GetServiceSetting LabelParameterVersion \
            ListAssociationVersions ListAssociations ListCloudConnectors ListCommandInvocations ListCommands \
            ListComplianceItems ListComplianceSummaries ListDocumentMetadataHistory ListDocumentVersions \
            ListDocuments ListInventoryEntries ListNodes ListNodesSummary ListOpsItemEvents ListOpsItemRelatedItems \
            ListOpsMetadata ListResourceComplianceSummaries ListResourceDataSync ListTagsForResource \
            ModifyDocumentPermission OpenControlChannel OpenDataChannel PutComplianceItems PutInventory PutParameter \
            PutResourcePolicy RegisterDefaultHostManagementConfiguration RegisterDefaultPatchBaseline \
            RegisterPatchBaselineForPatchGroup RegisterTargetWithMaintenanceWindow RegisterTaskWithMaintenanceWindow \
            RemoveTagsFromResource ResetServiceSetting ResumeSession SendAutomationSignal SendCommand \
            StartAccessRequest StartAssociationsOnce StartAutomationExecution StartChangeRequestExecution \
            StartExecutionPreview StartSession StopAutomationExecution TerminateSession UnlabelParameterVersion \
            UpdateAssociation UpdateAssociationStatus UpdateCloudConnector UpdateDocument \
            UpdateDocumentDefaultVersion UpdateDocumentMetadata UpdateMaintenanceWindow \
            UpdateMaintenanceWindowTarget UpdateMaintenanceWindowTask UpdateManagedInstanceRole UpdateOpsItem \
            UpdateOpsMetadata UpdatePatchBaseline UpdateResourceDataSync UpdateServiceSetting ValidateCloudConnector
            """,
        "sso": """
            AddRegion AssociateDirectory AssociateProfile AttachCustomerManagedPolicyReferenceToPermissionSet \
            AttachManagedPolicyToPermissionSet Authenticate CreateAccountAssignment CreateApplication \
            CreateApplicationAssignment CreateApplicationInstance CreateInstance \
            CreateInstanceAccessControlAttributeConfiguration CreateManagedApplicationInstance CreatePermissionSet \
            CreateProfile CreateTrustedTokenIssuer DeleteAccountAssignment DeleteApplication \
            DeleteApplicationAccessScope DeleteApplicationAssignment DeleteApplicationAuthenticationMethod \
            DeleteApplicationGrant DeleteApplicationInstance DeleteInlinePolicyFromPermissionSet DeleteInstance \
            DeleteInstanceAccessControlAttributeConfiguration DeletePermissionSet \
            DeletePermissionsBoundaryFromPermissionSet DeleteProfile DeleteTrustedTokenIssuer \
            DescribeAccountAssignmentCreationStatus DescribeAccountAssignmentDeletionStatus DescribeApplication \
            DescribeApplicationAssignment DescribeApplicationProvider DescribeInstance \
            DescribeInstanceAccessControlAttributeConfiguration DescribePermissionSet \
            DescribePermissionSetProvisioningStatus DescribeRegion DescribeRegisteredRegions \
            DescribeTrustedTokenIssuer DetachCustomerManagedPolicyReferenceFromPermissionSet \
            DetachManagedPolicyFromPermissionSet DisableExternalIdPConfigurationForDirectory DisassociateDirectory \
            DisassociateProfile EnableExternalIdPConfigurationForDirectory Federate GetApplicationAccessScope \
            GetApplicationAssignmentConfiguration GetApplicationAuthenticationMethod GetApplicationGrant \
            GetApplicationSessionConfiguration GetInlinePolicyForPermissionSet \
            GetPermissionsBoundaryForPermissionSet GetRoleCredentials ListAccountAssignmentCreationStatus \
            ListAccountAssignmentDeletionStatus ListAccountAssignments ListAccountAssignmentsForPrincipal \
            ListAccountRoles ListAccounts ListAccountsForProvisionedPermissionSet ListApplicationAccessScopes \
            ListApplicationAssignments ListApplicationAssignmentsForPrincipal ListApplicationAuthenticationMethods \
            ListApplicationGrants ListApplicationProviders ListApplications \
            ListCustomerManagedPolicyReferencesInPermissionSet ListDirectoryAssociations ListInstances \
            ListManagedPoliciesInPermissionSet ListPermissionSetProvisioningStatus ListPermissionSets \
            ListPermissionSetsProvisionedToAccount ListProfiles ListRegions ListTagsForResource \
            ListTrustedTokenIssuers Logout ProvisionPermissionSet PutApplicationAccessScope \
            PutApplicationAssignmentConfiguration PutApplicationAuthenticationMethod PutApplicationGrant \
            PutApplicationSessionConfiguration PutInlinePolicyToPermissionSet PutPermissionsBoundaryToPermissionSet \
            RemoveRegion StartSSO TagResource UntagResource UpdateApplication UpdateDirectory UpdateInstance \
            UpdateInstanceAccessControlAttributeConfiguration UpdatePermissionSet UpdateProfile \
            UpdateTrustedTokenIssuer
            """,
        "sts": """
            AssumeRole AssumeRoleWithSAML AssumeRoleWithWebIdentity AssumeRoot DecodeAuthorizationMessage \
            GetAccessKeyInfo GetCallerIdentity GetDelegatedAccessToken GetFederationToken GetSessionToken \
            GetSigninToken GetWebIdentityToken
            """,
        "waf-regional": """
            AssociateWebACL CreateByteMatchSet CreateGeoMatchSet CreateIPSet CreateRateBasedRule CreateRegexMatchSet \
            CreateRegexPatternSet CreateRule CreateRuleGroup CreateSizeConstraintSet CreateSqlInjectionMatchSet \
            CreateWebACL CreateWebACLMigrationStack CreateXssMatchSet DeleteByteMatchSet DeleteGeoMatchSet \
            DeleteIPSet DeleteLoggingConfiguration DeletePermissionPolicy DeleteRateBasedRule DeleteRegexMatchSet \
            DeleteRegexPatternSet DeleteRule DeleteRuleGroup DeleteSizeConstraintSet DeleteSqlInjectionMatchSet \
            DeleteWebACL DeleteXssMatchSet DisassociateWebACL GetByteMatchSet GetChangeToken GetChangeTokenStatus \
            GetGeoMatchSet GetIPSet GetLoggingConfiguration GetPermissionPolicy GetRateBasedRule \
            GetRateBasedRuleManagedKeys GetRegexMatchSet GetRegexPatternSet GetRule GetRuleGroup GetSampledRequests \
            GetSizeConstraintSet GetSqlInjectionMatchSet GetWebACL GetWebACLForResource GetXssMatchSet \
            ListActivatedRulesInRuleGroup ListByteMatchSets ListGeoMatchSets ListIPSets ListLoggingConfigurations \
            ListRateBasedRules ListRegexMatchSets ListRegexPatternSets ListResourcesForWebACL ListRuleGroups \
            ListRules ListSizeConstraintSets ListSqlInjectionMatchSets ListSubscribedRuleGroups ListTagsForResource \
            ListWebACLs ListXssMatchSets PutLoggingConfiguration PutPermissionPolicy TagResource UntagResource \
            UpdateByteMatchSet UpdateGeoMatchSet UpdateIPSet UpdateRateBasedRule UpdateRegexMatchSet \
            UpdateRegexPatternSet UpdateRule UpdateRuleGroup UpdateSizeConstraintSet UpdateSqlInjectionMatchSet \
            UpdateWebACL UpdateXssMatchSet
            """,
        "wafv2": """
            AssociateWebACL CheckCapacity CreateAPIKey CreateIPSet CreateRegexPatternSet CreateRuleGroup \
            CreateWebACL DeleteAPIKey DeleteFirewallManagerRuleGroups DeleteIPSet DeleteLoggingConfiguration \
            DeletePermissionPolicy DeleteRegexPatternSet DeleteRuleGroup DeleteWebACL DescribeAllManagedProducts \
            DescribeManagedProductsByVendor DescribeManagedRuleGroup DisassociateWebACL GenerateMobileSdkReleaseUrl \
            GetDecryptedAPIKey GetIPSet GetLoggingConfiguration GetManagedRuleSet GetMobileSdkRelease \
            GetPermissionPolicy GetRateBasedStatementManagedKeys GetRegexPatternSet GetRevenueStatistics \
            GetRevenueStatisticsSummary GetRevenueStatisticsTimeSeries GetRuleGroup GetSampledRequests \
            GetTopPathStatisticsByTraffic GetWebACL GetWebACLForResource ListAPIKeys \
            ListAvailableManagedRuleGroupVersions ListAvailableManagedRuleGroups ListIPSets \
            ListLoggingConfigurations ListManagedRuleSets ListMobileSdkReleases ListRegexPatternSets \
            ListResourcesForWebACL ListRuleGroups ListSettlementRecords ListTagsForResource ListWebACLs \
            PutLoggingConfiguration PutManagedRuleSetVersions PutPermissionPolicy TagResource UntagResource \
            UpdateIPSet UpdateManagedRuleSetVersionExpiryDate UpdateRegexPatternSet UpdateRuleGroup UpdateWebACL
            """,
    ]
}
