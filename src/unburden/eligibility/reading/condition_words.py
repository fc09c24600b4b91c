"""Conditions: concept | spellings ("*": each spelling is its own concept); and words that end or head the name of one."""

CONDITIONS = """
pregnancy | pregnant; pregnancy; gravid; currently pregnant
breast_feeding | breast feeding; breastfeeding; lactating; lactation; nursing; breast feed; lactate woman; breastfeed; breast fed; lactating mother; nursing mother
childbearing_potential | childbearing potential; child bearing potential; reproductive potential; wocbp; childbearing age; child bearing age; childbearing capacity; reproductive age; fertile
postmenopausal | postmenopausal; post menopausal; menopausal; menopause; postmenopause
surgically_sterile | surgically sterile; sterile; surgical sterility
healthy | healthy; good general health; good health; generally healthy; healthy volunteer; in general good health
brain_metastases | brain metastases; brain metastasis; cerebral metastases; intracranial metastases; metastases to the brain; metastatic brain disease; brain mets; metastatic disease to the brain; metastatic brain tumor; intracranial metastasis; brain metastatic disease
cns_metastases | cns metastases; central nervous system metastases; cns metastasis; central nervous system cns metastases; central nervous system metastasis; cns involvement; central nervous system involvement; cns disease; metastases to the central nervous system; metastatic cns disease; cns metastatic disease; cns lesions; cns tumor; central nervous system disease; central nervous system tumor; central nervous system cns metastasis; metastatic central nervous system disease
leptomeningeal_disease | leptomeningeal disease; carcinomatous meningitis; leptomeningeal metastases; leptomeningeal carcinomatosis; leptomeningeal metastasis; meningeal metastases; leptomeningeal involvement; meningeal involvement; meningeal carcinomatosis; neoplastic meningitis; meningeal metastasis; lymphomatous meningitis
liver_metastases | liver metastases; hepatic metastases; liver metastasis; liver involvement; hepatic metastasis; liver mets; metastases to the liver; hepatic metastatic disease; liver metastatic disease; metastatic liver disease
bone_metastases | bone metastases; bone metastasis; bony metastases; osseous metastases; skeletal metastases
lung_metastases | lung metastases; pulmonary metastases
visceral_metastases | visceral metastases; visceral metastasis; visceral disease
distant_metastases | distant metastases; metastases; metastasis; metastatic disease; distant metastasis; metastatic cancer; metastatic lesion; metastatic tumor; distant metastatic disease; metastatic malignancy
spinal_cord_compression | spinal cord compression; cord compression
malignancy | malignancy; cancer; malignancies; malignant disease; malignant tumor; malignant neoplasm; neoplasm; tumor; neoplasia; neoplastic disease; carcinoma; malignant disorder; malignant neoplastic disease; neoplasm malignant
solid_tumour | solid tumor
second_malignancy | second malignancy; second primary malignancy; other malignancy; other malignancies; another malignancy; other cancer; second primary cancer; concurrent malignancy; prior malignancy; previous malignancy; additional malignancy; other primary malignancy; another primary malignancy; other malignant tumor; additional primary malignancy; concomitant malignancy; other malignant tumors; second cancer; secondary malignancy; another cancer; other malignant disease; other concurrent malignancy; another malignant tumor; other primary cancer; synchronous malignancy; second primary tumor; second malignant tumor
basal_cell_carcinoma | basal cell carcinoma; basal cell skin cancer; basal cell cancer; basal cell carcinoma of the skin; basal cell carcinoma of skin; basal cell; basal carcinoma; basal cell skin carcinoma; skin basal cell carcinoma; basalioma
squamous_cell_skin_cancer | squamous cell carcinoma of the skin; squamous cell skin cancer; squamous cell carcinoma of skin; cutaneous squamous cell carcinoma; squamous cell skin carcinoma; skin squamous cell carcinoma; squamous skin cancer; squamous cell cancer of the skin; squamous carcinoma of the skin
non_melanoma_skin_cancer | non melanoma skin cancer; nonmelanoma skin cancer; non melanomatous skin cancer; non melanotic skin cancer; nonmelanomatous skin cancer; non melanoma carcinoma of the skin; nonmelanoma skin carcinoma; non melanoma skin carcinoma; non melanoma skin malignancy
skin_cancer | skin cancer; cutaneous cancer
cervical_carcinoma_in_situ | carcinoma in situ of the cervix; cervical carcinoma in situ; in situ cervical cancer; cervical cancer in situ; in situ carcinoma of the cervix; carcinoma in situ of cervix; cervical intraepithelial neoplasia; in situ cervical carcinoma; cervix carcinoma in situ; in situ carcinoma of cervix; in situ cancer of the cervix; carcinoma in situ of the uterine cervix; cervical in situ carcinoma; cervical carcinoma in situ; in situ cervix carcinoma; cis of the cervix; in situ carcinoma of the uterine cervix
carcinoma_in_situ | carcinoma in situ; in situ carcinoma; in situ cancer; cancer in situ; in situ malignancy
ductal_carcinoma_in_situ | ductal carcinoma in situ; dcis; ductal carcinoma in situ of the breast; breast ductal carcinoma in situ; carcinoma in situ of the breast; in situ breast cancer; breast cancer in situ
superficial_bladder_cancer | superficial bladder cancer; superficial bladder carcinoma; non muscle invasive bladder cancer; superficial bladder tumor; nmibc; non muscle invasive urothelial carcinoma
breast_cancer | breast cancer; breast carcinoma; carcinoma of the breast; mammary carcinoma; cancer of the breast
breast_adenocarcinoma | adenocarcinoma of the breast
invasive_breast_cancer | invasive breast cancer; invasive breast carcinoma; invasive carcinoma of the breast
triple_negative_breast_cancer | triple negative breast cancer; tnbc
non_small_cell_lung_cancer | non small cell lung cancer; nsclc; non small cell lung carcinoma; non small cell lung cancer nsclc; nonsmall cell lung cancer
small_cell_lung_cancer | small cell lung cancer; sclc; small cell lung carcinoma
extensive_stage_small_cell_lung_cancer | extensive stage small cell lung cancer; es sclc
lung_cancer | lung cancer; lung carcinoma
* | lung adenocarcinoma; adenocarcinoma of the lung
colorectal_cancer | colorectal cancer; colorectal carcinoma; crc; mcrc; colon or rectal cancer
colorectal_adenocarcinoma | colorectal adenocarcinoma; adenocarcinoma of the colon or rectum; adenocarcinoma of colon or rectum
colon_cancer | colon cancer; colon carcinoma
colon_adenocarcinoma | colon adenocarcinoma; adenocarcinoma of the colon
rectal_cancer | rectal cancer; rectal carcinoma
rectal_adenocarcinoma | rectal adenocarcinoma; adenocarcinoma of the rectum
gastric_cancer | gastric cancer; gastric carcinoma; stomach cancer
gastric_adenocarcinoma | gastric adenocarcinoma; adenocarcinoma of the stomach
gastro_oesophageal_cancer | gastroesophageal junction cancer
gastro_oesophageal_junction_adenocarcinoma | gastroesophageal junction adenocarcinoma; gej adenocarcinoma
gastric_or_gastro_oesophageal_junction_adenocarcinoma | gastric or gastroesophageal junction adenocarcinoma; gastric or gej adenocarcinoma
gastric_or_gastro_oesophageal_junction_cancer | gastric or gastroesophageal junction cancer
oesophageal_cancer | esophageal cancer; esophageal carcinoma
* | esophageal squamous cell carcinoma; escc; esophageal adenocarcinoma
hepatocellular_carcinoma | hepatocellular carcinoma; hcc; liver cancer; hepatoma
primary_liver_cancer | primary liver cancer
biliary_cancer | biliary tract cancer; btc
* | cholangiocarcinoma; gallbladder cancer; gallbladder carcinoma; intrahepatic cholangiocarcinoma
pancreatic_cancer | pancreatic cancer; pancreatic carcinoma
pancreatic_ductal_adenocarcinoma | pancreatic ductal adenocarcinoma; pdac
pancreatic_adenocarcinoma | pancreatic adenocarcinoma; adenocarcinoma of the pancreas
prostate_cancer | prostate cancer; carcinoma of the prostate; prostate carcinoma; prostatic cancer; prostatic carcinoma
prostate_adenocarcinoma | adenocarcinoma of the prostate; prostate adenocarcinoma; prostatic adenocarcinoma
localised_prostate_cancer | localized prostate cancer; incidental prostate cancer
low_risk_prostate_cancer | low risk prostate cancer; low risk localized prostate cancer
low_grade_prostate_cancer | low grade prostate cancer
early_stage_prostate_cancer | early stage prostate cancer
castration_resistant_prostate_cancer | castration resistant prostate cancer; crpc; hormone refractory prostate cancer
metastatic_castration_resistant_prostate_cancer | metastatic castration resistant prostate cancer; mcrpc
urothelial_carcinoma | urothelial carcinoma; transitional cell carcinoma; urothelial cancer
* | bladder cancer; bladder carcinoma
renal_cell_carcinoma | renal cell carcinoma; rcc; kidney cancer; renal cell cancer; ccrcc; renal cancer
clear_cell_renal_cell_carcinoma | clear cell renal cell carcinoma
ovarian_cancer | ovarian cancer; ovarian carcinoma
epithelial_ovarian_cancer | epithelial ovarian cancer
* | fallopian tube cancer; primary peritoneal cancer; high grade serous ovarian cancer; fallopian tube carcinoma; primary peritoneal carcinoma; peritoneal cancer
endometrial_cancer | endometrial cancer; endometrial carcinoma
uterine_cancer | uterine cancer
cervical_cancer | cervical cancer; cervical carcinoma; cancer of the cervix; carcinoma of the cervix
head_neck_cancer | head and neck cancer
head_neck_squamous_cell_carcinoma | head and neck squamous cell carcinoma; squamous cell carcinoma of the head and neck; hnscc; scchn
* | nasopharyngeal carcinoma; oropharyngeal cancer
thyroid_cancer | thyroid cancer; thyroid carcinoma
* | papillary thyroid cancer; differentiated thyroid cancer; papillary thyroid carcinoma; differentiated thyroid carcinoma
melanoma | melanoma; malignant melanoma
* | cutaneous melanoma; uveal melanoma
melanoma_in_situ | melanoma in situ; in situ melanoma
glioblastoma | glioblastoma; gbm; glioblastoma multiforme
* | glioma; high grade glioma; malignant glioma
sarcoma | sarcoma
* | soft tissue sarcoma; osteosarcoma; ewing sarcoma; leiomyosarcoma; liposarcoma; rhabdomyosarcoma; kaposi sarcoma
gastrointestinal_stromal_tumour | gastrointestinal stromal tumor; gist
neuroendocrine_tumour | neuroendocrine tumor; neuroendocrine carcinoma; carcinoid tumor; carcinoid
mesothelioma | mesothelioma
pleural_mesothelioma | pleural mesothelioma; malignant pleural mesothelioma
neuroblastoma | neuroblastoma
high_risk_neuroblastoma | high risk neuroblastoma
lymphoma | lymphoma
* | non hodgkin lymphoma; non hodgkin's lymphoma; nhl; b cell lymphoma; diffuse large b cell lymphoma; dlbcl; follicular lymphoma; mantle cell lymphoma; t cell lymphoma; peripheral t cell lymphoma; b cell non hodgkin lymphoma; marginal zone lymphoma; cns lymphoma
hodgkin_lymphoma | hodgkin lymphoma; hodgkin's lymphoma; hodgkin disease; hodgkin's disease; classical hodgkin lymphoma
multiple_myeloma | multiple myeloma; myeloma; plasma cell myeloma; rrmm
leukaemia | leukemia; leukaemia
* | acute leukemia
acute_myeloid_leukaemia | acute myeloid leukemia; aml; acute myelogenous leukemia
acute_lymphoblastic_leukaemia | acute lymphoblastic leukemia; all leukemia; acute lymphocytic leukemia
b_cell_acute_lymphoblastic_leukaemia | b all
acute_promyelocytic_leukaemia | acute promyelocytic leukemia; apl
chronic_lymphocytic_leukaemia | chronic lymphocytic leukemia; cll; small lymphocytic lymphoma; cll sll
chronic_myeloid_leukaemia | chronic myeloid leukemia; cml; chronic myelogenous leukemia
myelodysplastic_syndrome | myelodysplastic syndrome; mds; myelodysplasia
myelofibrosis | myelofibrosis
* | myeloproliferative neoplasm
measurable_disease | measurable disease; measurable lesion; measurable tumor; measurable target lesion; measurable tumor lesion; measurable lesions; target lesion
evaluable_disease | evaluable disease; non measurable disease; evaluable lesion; measurable or evaluable disease
hiv_infection | hiv infection; human immunodeficiency virus infection; hiv; human immunodeficiency virus; human immunodeficiency virus hiv infection; hiv positivity; hiv aids; hiv 1 infection; hiv seropositivity; human immunodeficiency virus hiv; human immunodeficiency viral infection
aids | aids; acquired immunodeficiency syndrome; acquired immune deficiency syndrome
hepatitis_b | hepatitis b; hbv; hepatitis b virus; hepatitis b infection; hbv infection; hepatitis b virus infection; chronic hepatitis b; hepatitis b virus hbv infection; hepatitis b virus hbv; chronic hepatitis b infection; hep b; chronic hbv infection
hepatitis_c | hepatitis c; hcv; hepatitis c virus; hepatitis c infection; hcv infection; hepatitis c virus infection; chronic hepatitis c; hepatitis c virus hcv infection; hepatitis c virus hcv; chronic hcv infection; hep c; chronic hepatitis c infection
hepatitis_b_or_c | hepatitis b or c; hepatitis b c; hepatitis b and c; hepatitis b or c infection; viral hepatitis b or c
viral_hepatitis | viral hepatitis
hepatitis | hepatitis
* | chronic hepatitis; chronic active hepatitis; autoimmune hepatitis; auto immune hepatitis
tuberculosis | tuberculosis; tb; mycobacterium tuberculosis
pulmonary_tuberculosis | pulmonary tuberculosis
syphilis | syphilis
covid_19 | covid 19; sars cov 2 infection; covid; sars cov 2; covid 19 infection
infection | infection; infections; infectious disease; infectious process
* | systemic infection; bacterial infection
sepsis | sepsis; septicemia
* | bacteremia; septic shock
pneumonia | pneumonia
lower_respiratory_tract_infection | lower respiratory tract infection
urinary_tract_infection | urinary tract infection; uti
fever | fever; febrile; pyrexia
* | febrile illness
interstitial_lung_disease | interstitial lung disease; ild; interstitial lung disease ild; interstitial pneumonia; interstitial pneumonitis
* | lung fibrosis; pulmonary fibrosis; idiopathic pulmonary fibrosis
pneumonitis | pneumonitis; non infectious pneumonitis; noninfectious pneumonitis
* | radiation pneumonitis; drug induced pneumonitis
asthma | asthma; bronchial asthma
copd | copd; chronic obstructive pulmonary disease; chronic obstructive lung disease
copd_exacerbation | copd exacerbation; exacerbation
respiratory_failure | respiratory failure; respiratory insufficiency
* | ards; acute respiratory distress syndrome
pulmonary_embolism | pulmonary embolism; pe; pulmonary embolus; lung embolism
deep_vein_thrombosis | deep vein thrombosis; dvt; deep venous thrombosis
venous_thromboembolism | venous thromboembolism; vte; venous thrombotic event; venous thromboembolic event
* | thromboembolism; thromboembolic event; thromboembolic disease; thrombosis; thrombotic event; venous thrombosis; thromboembolic events; thrombophlebitis
arterial_thromboembolism | arterial thromboembolism; arterial thrombosis; arterial thromboembolic event
myocardial_infarction | myocardial infarction; mi; heart attack; acute myocardial infarction; ami; stemi; nstemi; st elevation myocardial infarction
unstable_angina | unstable angina; unstable angina pectoris
angina | angina; angina pectoris
stable_angina | stable angina
acute_coronary_syndrome | acute coronary syndrome; acs; acute coronary syndromes
coronary_artery_disease | coronary artery disease; coronary heart disease; cad; ischemic heart disease; myocardial ischemia
heart_failure | heart failure; congestive heart failure; chf; cardiac failure; chronic heart failure; heart failure nyha; congestive cardiac failure; cardiac insufficiency; congestive heart disease
* | acute heart failure
cardiomyopathy | cardiomyopathy
cardiovascular_disease | cardiovascular disease; cardiac disease; heart disease; cardiac disorder; cvd; cardiovascular event
arrhythmia | arrhythmia; cardiac arrhythmia; ventricular arrhythmia; dysrhythmia; cardiac arrhythmias; arrythmia; ventricular arrhythmias; cardiac dysrhythmia; heart arrhythmia; rhythm disorder
atrial_fibrillation | atrial fibrillation; af; afib
* | atrial flutter
* | ventricular tachycardia; ventricular fibrillation
bradycardia | bradycardia
heart_block | heart block
* | atrioventricular block; av block; second degree av block; third degree av block; bundle branch block; left bundle branch block; complete heart block; second or third degree heart block
long_qt_syndrome | long qt syndrome; congenital long qt syndrome; prolonged qt interval; qt prolongation; qtc prolongation; qtcf prolongation; qtc interval prolongation; prolonged qtc interval; qt interval prolongation
torsades_de_pointes | torsades de pointes; torsade de pointes; tdp
hypertension | hypertension; high blood pressure; arterial hypertension; systemic hypertension
pulmonary_hypertension | pulmonary hypertension; pah
pulmonary_arterial_hypertension | pulmonary arterial hypertension
hypotension | hypotension
* | orthostatic hypotension; symptomatic hypotension
valvular_heart_disease | valvular heart disease; valve disease; valvular disease
* | aortic stenosis; mitral stenosis; mitral regurgitation
* | myocarditis; pericarditis; endocarditis; infective endocarditis
cardiogenic_shock | cardiogenic shock
* | shock
peripheral_vascular_disease | peripheral vascular disease; peripheral artery disease; pad
peripheral_arterial_disease | peripheral arterial disease
stroke | stroke; cerebrovascular accident; cva; cerebral vascular accident; cerebrovascular accident cva; cerebrovascular accident stroke; cerebral vascular accident stroke
ischaemic_stroke | ischemic stroke; cerebral infarction
haemorrhagic_stroke | hemorrhagic stroke
transient_ischaemic_attack | transient ischemic attack; tia; transient ischemic attacks; transient ischaemic attack
intracranial_haemorrhage | intracranial hemorrhage; intracranial bleeding; brain hemorrhage; cns hemorrhage
* | intracerebral hemorrhage; cerebral hemorrhage; subarachnoid hemorrhage
cerebrovascular_disease | cerebrovascular disease; cerebrovascular event
aneurysm | aneurysm
* | aortic aneurysm; cerebral aneurysm
bleeding | bleeding; hemorrhage; active bleeding; bleeding event; hemorrhagic event
gastrointestinal_bleeding | gastrointestinal bleeding; gi bleeding; gastrointestinal hemorrhage; gi bleed; gi hemorrhage; gastrointestinal bleed
* | variceal bleeding; upper gastrointestinal bleeding
haemoptysis | hemoptysis
bleeding_disorder | bleeding disorder; bleeding diathesis; hemorrhagic diathesis; bleeding tendency; hemorrhagic disorder; bleeding tendencies; coagulopathy; coagulation disorder; clotting disorder; coagulation abnormality; blood coagulation disorder; blood clotting disorder
* | hemophilia; von willebrand disease
thrombocytopenia | thrombocytopenia
* | heparin induced thrombocytopenia
neutropenia | neutropenia
* | febrile neutropenia
anaemia | anemia
* | iron deficiency anemia; hemolytic anemia; aplastic anemia; sickle cell disease; sickle cell anemia; thalassemia
diabetes_mellitus | diabetes mellitus; diabetes; diabetic; dm; diabetes mellitus dm
type_1_diabetes | type 1 diabetes; type 1 diabetes mellitus; t1dm; insulin dependent diabetes mellitus; type 1 diabetic; type i diabetes mellitus; type i diabetes; t1d
type_2_diabetes | type 2 diabetes; type 2 diabetes mellitus; t2dm; type ii diabetes; type 2 diabetic; type ii diabetes mellitus; non insulin dependent diabetes mellitus; t2d
diabetic_ketoacidosis | diabetic ketoacidosis; dka
* | ketoacidosis
hypoglycaemia | hypoglycemia; hypoglycemic episode; hypoglycemic event
* | severe hypoglycemia; severe hypoglycemic episode
hypoglycaemia_unawareness | hypoglycemia unawareness; hypoglycemic unawareness
hyperglycaemia | hyperglycemia
* | hyperosmolar coma
diabetic_retinopathy | diabetic retinopathy
* | proliferative diabetic retinopathy; retinopathy
diabetic_neuropathy | diabetic neuropathy; diabetic peripheral neuropathy
gastroparesis | gastroparesis; diabetic gastroparesis
insulinoma | insulinoma
pheochromocytoma | pheochromocytoma; paraganglioma
adrenal_insufficiency | adrenal insufficiency
* | addison's disease
thyroid_disease | thyroid disease; thyroid disorder
* | hypothyroidism; hyperthyroidism; graves disease; graves' disease; hashimoto's thyroiditis; thyroiditis
obesity | obesity; obese
* | morbid obesity
liver_disease | acute or chronic liver disease; liver disease; hepatic disease; liver disorder
chronic_liver_disease | chronic liver disease
cirrhosis | cirrhosis; liver cirrhosis; hepatic cirrhosis; cirrhosis of the liver; cirrhotic; decompensated cirrhosis; compensated cirrhosis
hepatic_impairment | hepatic impairment; hepatic insufficiency; liver failure; hepatic failure; liver dysfunction; hepatic dysfunction; liver insufficiency; liver impairment
hepatic_encephalopathy | hepatic encephalopathy; encephalopathy
ascites | ascites; ascites fluid
pleural_effusion | pleural effusion
* | malignant pleural effusion; pericardial effusion
oesophageal_varices | esophageal varices; varices
gilbert_syndrome | gilbert's syndrome; gilbert syndrome; gilbert's disease; gilbert disease; gilberts syndrome; gilbert's; meulengracht
wilson_disease | wilson disease; wilson's disease; hepatolenticular degeneration; wilson's; wd
haemochromatosis | hemochromatosis
renal_impairment | renal impairment; renal insufficiency; renal failure; renal dysfunction; kidney failure; renal disease; kidney disease; kidney dysfunction
chronic_renal_failure | chronic renal failure; chronic renal insufficiency
* | acute renal failure; acute kidney injury; end stage renal disease; esrd
chronic_kidney_disease | chronic kidney disease; ckd; chronic kidney failure; chronic renal disease
* | nephrotic syndrome; nephropathy; glomerulonephritis
pancreatitis | pancreatitis
* | acute pancreatitis; chronic pancreatitis
inflammatory_bowel_disease | inflammatory bowel disease; ibd; inflammatory bowel disease ibd
crohn_disease | crohn's disease; crohn disease; crohns disease
ulcerative_colitis | ulcerative colitis; uc
diverticulitis | diverticulitis
peptic_ulcer | peptic ulcer; peptic ulcer disease
* | gastric ulcer; duodenal ulcer; gastrointestinal ulcer; gastroduodenal ulcer
bowel_obstruction | bowel obstruction; intestinal obstruction; gastrointestinal obstruction; ileus
small_bowel_obstruction | small bowel obstruction
gastrointestinal_perforation | gastrointestinal perforation; bowel perforation; gi perforation; intestinal perforation
* | abdominal fistula; fistula; intra abdominal abscess; tracheoesophageal fistula
malabsorption | malabsorption syndrome; malabsorption; gastrointestinal malabsorption
* | short bowel syndrome
dysphagia | dysphagia; difficulty swallowing; inability to swallow
autoimmune_disease | autoimmune disease; autoimmune disorder; auto immune disease; autoimmune conditions; autoimmune condition; autoimmune diseases
lupus | systemic lupus erythematosus; sle; lupus; lupus erythematosus
rheumatoid_arthritis | rheumatoid arthritis; ra
multiple_sclerosis | multiple sclerosis; ms
psoriasis | psoriasis; plaque psoriasis
vitiligo | vitiligo
alopecia | alopecia; hair loss
immunodeficiency | immunodeficiency; immune deficiency; primary immunodeficiency; immunocompromised; immunosuppression; immunosuppressed; immunodeficiency disease; immunodeficiency disorder
graft_versus_host_disease | graft versus host disease; gvhd; graft vs host disease; gvhd disease
dementia | dementia
* | vascular dementia; lewy body dementia; frontotemporal dementia
alzheimer_disease | alzheimer's disease; alzheimer disease; alzheimer's; probable alzheimer's disease; alzheimer's dementia; ad
parkinson_disease | parkinson's disease; parkinson disease
huntington_disease | huntington's disease; huntington disease
cognitive_impairment | cognitive impairment; cognitive disorder; cognitive dysfunction
* | mild cognitive impairment; mental retardation; intellectual disability
seizure | seizure; seizures; convulsion
epilepsy | epilepsy; epileptic seizure
seizure_disorder | seizure disorder; convulsive disorder
neuropathy | peripheral neuropathy; neuropathy; sensory neuropathy; polyneuropathy; peripheral sensory neuropathy; peripheral motor neuropathy
head_injury | head injury; head trauma
* | traumatic brain injury; loss of consciousness; concussion
syncope | syncope
migraine | migraine
* | headache
schizophrenia | schizophrenia
* | schizoaffective disorder
bipolar_disorder | bipolar disorder
* | mania; manic episode
depression | depression; depressive disorder
* | major depressive disorder; major depression; mdd; depressive episode; major depressive episode
anxiety | anxiety; anxiety disorder
* | panic disorder; ptsd; obsessive compulsive disorder
psychosis | psychosis; psychotic disorder
* | hallucination; delusion
suicidal_ideation | suicidal ideation; suicidality; suicidal
* | suicide attempt; suicidal behavior; suicide risk
psychiatric_disorder | psychiatric disorder; psychiatric illness; psychiatric disease; mental illness; mental disorder; psychiatric condition; mental disease
adhd | adhd; attention deficit hyperactivity disorder
alcohol_abuse | alcohol abuse; alcoholism; alcohol dependence; alcohol use disorder; alcohol addiction; alcohol dependency
drug_abuse | drug abuse; substance abuse; drug addiction; drug dependence; substance use disorder; substance dependence; illicit drug use; drug or alcohol abuse; alcohol or drug abuse; drug alcohol abuse; substance use; opioid dependence; alcohol or substance abuse; alcohol and drug abuse; drug and alcohol abuse; illicit drug abuse; opioid use disorder
smoking | smoker; smoking; cigarette smoking; tobacco use; current smoker; tobacco; cigarette smoker
allergy | allergy; allergic reaction; hypersensitivity; allergic; hypersensitivity reaction; severe hypersensitivity reaction; allergic history; allergies; hypersensitive; hypersensitivity reactions; allergic reactions; severe hypersensitivity; allergic disease
intolerance | intolerance; intolerant
sensitivity | sensitivity; sensitivities
drug_allergy | drug allergy
* | anaphylaxis; anaphylactic reaction; anaphylactic shock; infusion reaction
contraindication | contraindication; contra indication; contraindicated; contraindications
angioedema | angioedema
* | urticaria
pain | pain
* | chronic pain; abdominal pain; low back pain; back pain; neuropathic pain
trauma | trauma; traumatic injury; injury; significant traumatic injury
* | fracture; bone fracture
wound | non healing wound; wound; open wound
* | non healing ulcer; ulcer
osteoporosis | osteoporosis
* | osteopenia
osteoarthritis | osteoarthritis
* | knee osteoarthritis
glaucoma | glaucoma
* | narrow angle glaucoma; angle closure glaucoma
* | cataract; macular degeneration; uveitis; retinal detachment; keratitis; dry eye; ocular disease; keratoconjunctivitis
claustrophobia | claustrophobia; claustrophobic
* | hyperkalemia; hypokalemia; hyponatremia; hypomagnesemia; hypernatremia; electrolyte imbalance; electrolyte disorder; electrolyte abnormality
* | hypercalcemia; hypocalcemia
tumour_lysis_syndrome | tumor lysis syndrome
superior_vena_cava_syndrome | superior vena cava syndrome
sleep_apnoea | sleep apnea; obstructive sleep apnea
benign_prostatic_hyperplasia | benign prostatic hyperplasia; bph
* | urinary retention; urinary incontinence
* | porphyria; phenylketonuria; g6pd deficiency; glucose 6 phosphate dehydrogenase deficiency
myasthenia_gravis | myasthenia gravis
guillain_barre | guillain barre syndrome
sarcoidosis | sarcoidosis
* | endometriosis; polycystic ovary syndrome; vaginal bleeding; abnormal uterine bleeding; preeclampsia; placenta previa
* | multiple pregnancy; twin pregnancy; multiple gestation; singleton pregnancy; ectopic pregnancy
* | nausea; vomiting; diarrhea; constipation; chronic diarrhea
* | cachexia; weight loss; malnutrition; anorexia; anorexia nervosa; bulimia
* | delirium; coma; confusion
organ_dysfunction | organ dysfunction; multiple organ failure; multiorgan failure; organ failure
adverse_event | adverse event; toxicity; adverse effect; adverse reaction; toxicities; side effect
disease_progression | disease progression; progressive disease; progression; progressed disease; radiographic progression; tumor progression; recurrence; relapse; recurrent disease; relapsed disease
unresectable_disease | unresectable disease; unresectable tumor; inoperable disease
medical_condition | medical condition; medical illness; systemic disease; systemic illness; intercurrent illness; concurrent illness; medical disorder; chronic disease; illness; disease; comorbidity; chronic illness; concomitant disease; medical problem; co morbidity; concurrent disease; underlying disease; acute illness; intercurrent disease; acute disease; underlying medical condition; disorder; condition; other disease; internal disease
* | tinnitus; spondylolisthesis; scleroderma; jaundice; insomnia; infertility; hyperandrogenism; empyema; keratoconus; cough; cor pulmonale; claudication; bronchiectasis; wheezing; vertigo; ventricular tachyarrhythmia; ventricular flutter; uterine fibroid; urethral stricture; trisomy 21; down syndrome; tetanus; tbi; tachyarrhythmia; tachycardia; scar; spina bifida; spasticity; rash; skin rash; sinus rhythm; pulmonary infiltrate; pulmonary contusion; pterygium; primary hyperparathyroidism; hyperparathyroidism; primary aldosteronism; preterm labor; pre eclampsia; premature rupture of membranes; ruptured membrane; polio; pertussis; diphtheria; parkinsonism; overdose; opacity; neurogenic bladder; nerve damage; neurological deficit; cognitive deficit; nash; non alcoholic steatohepatitis; myopia; miscarriage; malaria; megacolon; lymphocele; leprosy; kidney stone; nephrolithiasis; gallstone; irritable bowel; contracture; joint contracture; influenza; inborn errors of metabolism; hypoxia; hypoventilation; hydrocephalus; herpes; herpes zoster; herpes simplex; hemodynamically unstable; hemodynamic instability; gout; gastroesophageal reflux; gerd; esophageal stricture; emphysema; dystonia; dehydration; deafness; cytomegalovirus; cushing's; dyspnea; diabetes insipidus; fibromyalgia; autism; eczema; acne; anuria; tendinopathy; bronchospasm; cystic fibrosis; pulmonary infection; upper respiratory infection; respiratory tract infection; opportunistic infection; fungal infection; viral infection; premenopausal; disseminated intravascular coagulation; dic; motion sickness; sexually transmitted disease; chlamydia; gonorrhea; trichomonas; bacterial vaginosis; candidiasis; homicidal; panic attack; ptosis; ataxia; tic; tremor; aphasia; amnesia; nystagmus; diplopia; blindness; photosensitivity; anovulation; oligomenorrhea; hirsutism; menorrhagia; dysmenorrhea; hernia; inguinal hernia; iron overload; splenomegaly; hepatomegaly; lymphadenopathy; hepatotoxicity; esophagitis; gastritis; colitis; celiac disease; terminal illness; terminally ill; dwarfism; osteomyelitis; cellulitis; bacteriuria; falls; deformity; amputation; substance misuse; heavy drinking; binge drinking; ocd; obsessive compulsive; polycystic ovary; fistulae; keloid; mental status; premature ventricular complex; premature ventricular contraction; cardiac arrest; sudden death; tamponade; patent foramen ovale; dilated cardiomyopathy; hypertrophic cardiomyopathy; myopathy; rhabdomyolysis; hypoalbuminemia; hyperlipidemia; dyslipidemia; hypercholesterolemia; hypertriglyceridemia; lactic acidosis; acidosis; alkalosis; proteinuria condition; hematuria; preterm birth; gram negative bacteria; cytopenia; hemophagocytic lymphohistiocytosis; cytokine release syndrome; capillary leak syndrome; tumor thrombus; portal vein thrombosis; hypophysitis; carcinoid syndrome; extramedullary disease; bulky disease; peritoneal carcinomatosis; germ cell tumor; wilms tumor; hepatoblastoma; retinoblastoma; medulloblastoma; ependymoma; thymoma; merkel cell carcinoma; waldenstrom macroglobulinemia; richter transformation; adenosquamous carcinoma; large cell carcinoma; carcinosarcoma; amyloidosis; mycosis fungoides; cutaneous t cell lymphoma; burkitt lymphoma; progressive multifocal leukoencephalopathy; prion disease; wernicke; extrapyramidal symptom; tardive dyskinesia; neuroleptic malignant syndrome; normal pressure hydrocephalus; subdural hematoma; brain tumor; meningitis; vitamin b12 deficiency; folate deficiency; orthostatic; agitation; hemolysis; acute liver failure; menkes disease; kayser fleischer ring
symptoms | symptom; symptoms; signs or symptoms; signs and symptoms; complications; complication; lesion
"""

CONDITION_HEADS = """
disease disorder syndrome failure insufficiency infection cancer carcinoma impairment dysfunction
deficiency illness malignancy tumor neoplasm ulcer lesion injury fracture hemorrhage bleeding pain
anomaly abnormality defect malformation stenosis thrombosis occlusion obstruction infarction block
attack crisis disability dependence abuse addiction embolism ischemia perforation fistula abscess
hypertension hypotension neuropathy diabetes mellitus arthritis dermatitis hepatitis edema
exacerbation complication allergy intolerance hypersensitivity sepsis shock trauma hernia cyst
leukemia lymphoma myeloma melanoma sarcoma adenocarcinoma glioma metastases metastasis condition
symptom reaction delay retardation phobia palsy paralysis loss episode instability prolapse wound
regurgitation depression anxiety psychosis disturbance problem effusion inflammation toxicity
involvement compression angina stroke virus
""".split()  # noqa: SIM905

CONDITION_ENDINGS = (
    "itis", "osis", "emia", "oma", "opathy", "algia", "penia", "philia", "plegia", "uria", "rrhea",
    "trophy", "sclerosis", "megaly", "ectasia", "iasis", "dystrophy", "pnea", "phagia", "cardia", "cytosis",
    "rrhagia", "paresis", "itides", "opathies", "plasia", "pathia", "ismus", "rhythmia", "thorax", "phobia",
    "oses", "urea", "morrhage", "spasm", "blastoma", "carcinoma", "sarcoma", "lymphoma", "malacia", "mania",
)  # fmt: skip
NOT_CONDITIONS = frozenset(
    ["diagnosis", "prognosis", "dosis", "dialysis", "gnosis", "anesthesia", "biopsy", "criteria", "bacteria", "diploma", "chemokine", "diagnoses", "overdosis", "hypnosis", "mitosis", "basis", "analysis", "chromosome", "aroma", "coma", "osmosis", "meiosis", "hematoma"]
) - {"hematoma", "coma"}  # fmt: skip
